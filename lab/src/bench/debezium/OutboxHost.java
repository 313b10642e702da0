// Debezium as an outbox relay: the embedded engine (AsyncEmbeddedEngine) with the PostgreSQL connector, the outbox event router,
// and a KafkaProducer of its own. Started from this source: java -cp <jars> OutboxHost.java <topic> engine:<key>=<value> …
// producer:<key>=<value> …
import io.debezium.embedded.Connect;
import io.debezium.engine.DebeziumEngine;
import io.debezium.engine.RecordChangeEvent;
import io.debezium.engine.format.ChangeEventFormat;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.connect.source.SourceRecord;

public final class OutboxHost implements DebeziumEngine.ChangeConsumer<RecordChangeEvent<SourceRecord>> {
  private final String topic;
  private final KafkaProducer<byte[], byte[]> producer;
  private final AtomicReference<Exception> failure = new AtomicReference<>();

  private OutboxHost(String topic, Properties settings) {
    this.topic = topic;
    this.producer = new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
  }

  public static void main(String[] args) {
    Properties engineSettings = new Properties();
    Properties producerSettings = new Properties();
    for (String argument : List.of(args).subList(1, args.length)) {
      int colon = argument.indexOf(':');
      int equals = argument.indexOf('=');
      Properties settings = argument.startsWith("engine:") ? engineSettings : producerSettings;
      settings.setProperty(argument.substring(colon + 1, equals), argument.substring(equals + 1));
    }
    var engine = DebeziumEngine.create(ChangeEventFormat.of(Connect.class))
        .using(engineSettings)
        .notifying(new OutboxHost(args[0], producerSettings))
        .using((success, message, error) -> {
          System.err.println("the engine ended: " + message);
          if (error != null) error.printStackTrace();
          Runtime.getRuntime().halt(success ? 0 : 1);
        })
        .build();
    engine.run();
  }

  // All records of a batch are sent, then awaited, then marked: nothing is marked that Kafka did not acknowledge.
  @Override
  public void handleBatch(List<RecordChangeEvent<SourceRecord>> records,
      DebeziumEngine.RecordCommitter<RecordChangeEvent<SourceRecord>> committer) throws InterruptedException {
    for (var event : records) {
      SourceRecord source = event.record();
      if (!topic.equals(source.topic())) continue; // heartbeats and the like
      producer.send(new ProducerRecord<>(topic, bytes(source.key()), bytes(source.value())), (metadata, error) -> {
        if (error != null) failure.compareAndSet(null, error);
      });
    }
    producer.flush();
    if (failure.get() != null) throw new IllegalStateException("not acknowledged", failure.get());
    for (var event : records) committer.markProcessed(event);
    committer.markBatchFinished();
  }

  private static byte[] bytes(Object value) {
    if (value == null) return null;
    return value instanceof byte[] raw ? raw : value.toString().getBytes(StandardCharsets.UTF_8);
  }
}
