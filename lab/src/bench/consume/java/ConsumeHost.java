// Java consumers of `npm run bench -- consume`: Confluent's Parallel Consumer and the plain client. Started from this source:
// java -cp <jars> ConsumeHost.java <file that lets it go> key=value …
// Says what happened as JSON lines on standard output. Record layout and clock are those of the Node arms (tally.ts).
import io.confluent.parallelconsumer.ParallelConsumerOptions;
import io.confluent.parallelconsumer.ParallelConsumerOptions.CommitMode;
import io.confluent.parallelconsumer.ParallelConsumerOptions.ProcessingOrder;
import io.confluent.parallelconsumer.ParallelStreamProcessor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

public final class ConsumeHost {
  private static final Duration COMMIT = Duration.ofMillis(1000);

  public static void main(String[] args) throws Exception {
    Map<String, String> settings = new HashMap<>();
    for (String argument : List.of(args).subList(1, args.length)) {
      int equals = argument.indexOf('=');
      settings.put(argument.substring(0, equals), argument.substring(equals + 1));
    }
    if (settings.containsKey("warm.topic")) {
      Tally warm = new Tally(Integer.parseInt(settings.get("warm.count")), null);
      AutoCloseable consumer = consume(settings, "warm.", warm);
      warm.finished.await();
      consumer.close();
    }
    System.out.println("{\"kind\":\"ready\"}");
    while (!Files.exists(Path.of(args[0]))) Thread.sleep(2);
    String record = settings.get("record");
    Tally tally = new Tally(Integer.parseInt(settings.get("task.count")), record == null ? null : Path.of(record));
    consume(settings, "task.", tally);
    tally.finished.await();
    System.out.println(tally.said());
    Thread.sleep(Long.MAX_VALUE); // killed
  }

  private static AutoCloseable consume(Map<String, String> settings, String prefix, Tally tally) {
    String topic = settings.get(prefix + "topic");
    int slots = Integer.parseInt(settings.get("slots"));
    boolean byKey = settings.get("order").equals("key");
    Properties properties = new Properties();
    properties.put("bootstrap.servers", settings.get("brokers"));
    properties.put("group.id", settings.get(prefix + "group"));
    properties.put("session.timeout.ms", settings.get("sessionMs"));
    properties.put("heartbeat.interval.ms", "1000");
    properties.put("auto.offset.reset", "earliest");
    properties.put("enable.auto.commit", "false");
    // Keys as text: the Parallel Consumer compares them with equals, which tells arrays apart.
    var consumer = new KafkaConsumer<>(properties, new StringDeserializer(), new ByteArrayDeserializer());
    return settings.get("arm").equals("parallel")
        ? parallel(consumer, topic, slots, byKey, tally)
        : plain(consumer, topic, byKey ? 1 : slots, tally);
  }

  private static AutoCloseable parallel(KafkaConsumer<String, byte[]> consumer, String topic, int slots, boolean byKey,
      Tally tally) {
    var options = ParallelConsumerOptions.<String, byte[]>builder()
        .ordering(byKey ? ProcessingOrder.KEY : ProcessingOrder.UNORDERED)
        .maxConcurrency(slots)
        .consumer(consumer)
        .commitMode(CommitMode.PERIODIC_CONSUMER_ASYNCHRONOUS)
        .commitInterval(COMMIT)
        .build();
    ParallelStreamProcessor<String, byte[]> processor = ParallelStreamProcessor.createEosStreamProcessor(options);
    processor.subscribe(List.of(topic), tally);
    processor.poll(context -> tally.handle(context.value()));
    return processor;
  }

  // As it is written by hand: poll, handle, commit. Key order by one thread; no order by a pool that is awaited.
  private static AutoCloseable plain(KafkaConsumer<String, byte[]> consumer, String topic, int slots, Tally tally) {
    consumer.subscribe(List.of(topic), tally);
    ExecutorService pool = slots == 1 ? null : Executors.newFixedThreadPool(slots);
    Thread thread = new Thread(() -> {
      try {
        while (!Thread.currentThread().isInterrupted()) {
          var records = consumer.poll(Duration.ofMillis(100));
          if (records.isEmpty()) continue;
          if (pool == null) for (ConsumerRecord<String, byte[]> each : records) tally.handle(each.value());
          else {
            List<Callable<Void>> tasks = new ArrayList<>();
            for (ConsumerRecord<String, byte[]> each : records) tasks.add(() -> {
              tally.handle(each.value());
              return null;
            });
            pool.invokeAll(tasks);
          }
          consumer.commitSync();
        }
      } catch (InterruptedException | org.apache.kafka.common.errors.InterruptException end) {
        // asked to end
      } finally {
        Thread.interrupted();
        consumer.close();
        if (pool != null) pool.shutdownNow();
      }
    });
    thread.start();
    return () -> {
      thread.interrupt();
      thread.join();
    };
  }

  private static final class Tally implements ConsumerRebalanceListener {
    final CountDownLatch finished = new CountDownLatch(1);
    private final int count;
    private final FileChannel record;
    private final AtomicInteger handled = new AtomicInteger();
    private final AtomicLong handlerNanos = new AtomicLong();
    private volatile long assignedNanos;
    private volatile long lastNanos;

    Tally(int count, Path record) {
      this.count = count;
      try {
        this.record = record == null ? null
            : FileChannel.open(record, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
      } catch (IOException error) {
        throw new UncheckedIOException(error);
      }
    }

    void handle(byte[] value) {
      long micros = number(value, 9, 7);
      if (micros > 0) {
        long before = System.nanoTime();
        for (long left = micros * 1000; left > 0; left = before + micros * 1000 - System.nanoTime())
          LockSupport.parkNanos(left);
        handlerNanos.addAndGet(System.nanoTime() - before);
      }
      if (record != null) {
        try {
          record.write(ByteBuffer.allocate(4).putInt(0, (int) number(value, 0, 8)));
        } catch (IOException error) {
          throw new UncheckedIOException(error);
        }
      }
      if (handled.incrementAndGet() != count) return;
      lastNanos = System.nanoTime();
      finished.countDown();
    }

    String said() {
      return String.format(java.util.Locale.ROOT,
          "{\"kind\":\"handled\",\"assignedMs\":%.3f,\"lastMs\":%.3f,\"handlerMs\":%.3f}",
          assignedNanos / 1e6, lastNanos / 1e6, handlerNanos.get() / 1e6);
    }

    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
      if (assignedNanos == 0) assignedNanos = System.nanoTime();
    }

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> partitions) {}

    private static long number(byte[] bytes, int at, int digits) {
      long value = 0;
      for (int i = at; i < at + digits; i++) value = value * 10 + bytes[i] - '0';
      return value;
    }
  }
}
