import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Properties;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * A program: one Java member of a classic group with the assignor cooperative-sticky. Arguments: bootstrap, group, topic. Prints
 * `assigned 0,1`, `revoked 1`, `lost 0` and `got <partition> <offset>`; commits what it printed; leaves at SIGTERM.
 */
public final class JavaMember {
  public static void main(String[] args) throws InterruptedException {
    Properties settings = new Properties();
    settings.put("bootstrap.servers", args[0]);
    settings.put("group.id", args[1]);
    settings.put("group.protocol", "classic");
    settings.put("partition.assignment.strategy", "org.apache.kafka.clients.consumer.CooperativeStickyAssignor");
    settings.put("auto.offset.reset", "earliest");
    settings.put("enable.auto.commit", "false");
    settings.put("session.timeout.ms", "6000");
    settings.put("heartbeat.interval.ms", "300");
    settings.put("max.poll.records", "20");
    KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    Thread main = Thread.currentThread();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      consumer.wakeup();
      try {
        main.join(10_000);
      } catch (InterruptedException ignored) {
      }
    }));
    try {
      consumer.subscribe(List.of(args[2]), new ConsumerRebalanceListener() {
        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
          tell("assigned", partitions);
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
          consumer.commitSync();
          tell("revoked", partitions);
        }

        @Override
        public void onPartitionsLost(Collection<TopicPartition> partitions) {
          tell("lost", partitions);
        }
      });
      while (true) {
        consumer.poll(Duration.ofMillis(200)).forEach(record ->
            System.out.println("got " + record.partition() + " " + record.offset()));
        try {
          consumer.commitSync();
        } catch (RebalanceInProgressException again) {
          // the next poll joins, the next commit has all of it
        }
      }
    } catch (WakeupException stop) {
      // asked to leave
    } finally {
      consumer.close();
      System.out.println("left");
    }
  }

  private static void tell(String what, Collection<TopicPartition> partitions) {
    if (partitions.isEmpty()) return;
    System.out.println(what + " " + partitions.stream().map(p -> "" + p.partition()).sorted().collect(Collectors.joining(",")));
  }
}
