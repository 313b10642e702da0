// Reads a topic to its end twice with Kafka's own Java client, as its consumer-perf-test does (poll, look at each value); the second
// time counts. Started from this source: java -cp <jars> FetchHost.java <brokers> <topic> <count>
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

public final class FetchHost {
  public static void main(String[] args) {
    Properties properties = new Properties();
    properties.put("bootstrap.servers", args[0]);
    properties.put("check.crcs", "true");
    long count = Long.parseLong(args[2]);
    try (var consumer = new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      List<TopicPartition> partitions = new ArrayList<>();
      for (var each : consumer.partitionsFor(args[1])) partitions.add(new TopicPartition(args[1], each.partition()));
      consumer.assign(partitions);
      read(consumer, partitions, count);
      double ms = read(consumer, partitions, count);
      System.out.println("{\"kind\":\"read\",\"ms\":" + ms + "}");
    }
  }

  private static double read(KafkaConsumer<byte[], byte[]> consumer, List<TopicPartition> partitions, long count) {
    consumer.seekToBeginning(partitions);
    long before = System.nanoTime();
    long bytes = 0;
    for (long left = count; left > 0;)
      for (ConsumerRecord<byte[], byte[]> each : consumer.poll(Duration.ofMillis(100))) {
        bytes += each.value().length;
        left--;
      }
    if (bytes == 0) throw new IllegalStateException("empty values");
    return (System.nanoTime() - before) / 1e6;
  }
}
