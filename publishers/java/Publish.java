// Publishes the events of one case. Java 17 or later, kafka-clients 3.0 or later:
//
//     java -cp 'kafka-clients.jar:slf4j-api.jar' Publish.java HOST:PORT CASE
//
// What counts is in `settings`, in the key, and in that nothing is called done before the broker has said so.

import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.StringSerializer;

public class Publish {
    static final String ORG = "119901002600008594";
    static final String SOURCE = "urn:cn-org:" + ORG + ":penalty";

    static Properties settings(String brokers) {
        var settings = new Properties();
        settings.put("bootstrap.servers", brokers);
        // Acknowledged means: on every replica that is in sync, once, in order.
        settings.put("acks", "all");
        settings.put("enable.idempotence", "true");
        settings.put("delivery.timeout.ms", "120000");
        settings.put("key.serializer", StringSerializer.class.getName());
        settings.put("value.serializer", StringSerializer.class.getName());
        // With TLS and a password: security.protocol, ssl.truststore.location, sasl.mechanism, sasl.jaas.config.
        return settings;
    }

    /** A CloudEvent. `id` must be the same whenever the same thing is told again: take it from your register. */
    static String event(String id, String kase, OffsetDateTime time, String type, String data) {
        return """
            {"specversion": "1.0", "id": "%s", "source": "%s", "type": "%s", "subject": "%s", "time": "%s", "data": %s}"""
            // Not time.toString(): that leaves the seconds out where they are 0, and then it is no RFC 3339.
            .formatted(id, SOURCE, type, kase, DateTimeFormatter.ISO_OFFSET_DATE_TIME.format(time), data);
    }

    static List<String> events(String kase) {
        var accepted = OffsetDateTime.of(2026, 3, 2, 9, 0, 0, 0, ZoneOffset.ofHours(8));
        return List.of(
            event(kase + "-1", kase, accepted, "case.accepted",
                "{\"item\": \"9901-CF-0042\", \"org\": \"" + ORG + "\", \"title\": \"占道经营\"}"),
            event(kase + "-2", kase, accepted.plusHours(1), "step.started", "{\"step\": \"investigation\"}"),
            event(kase + "-3", kase, accepted.plusHours(3), "step.completed", "{\"step\": \"investigation\"}"));
    }

    public static void main(String[] arguments) throws InterruptedException {
        if (arguments.length != 2) {
            System.err.println("usage: Publish HOST:PORT CASE");
            System.exit(2);
        }
        var kase = arguments[1];
        var promised = new ArrayList<Map.Entry<String, Future<RecordMetadata>>>();
        var failed = 0;
        try (var producer = new KafkaProducer<String, String>(settings(arguments[0]))) {
            for (var event : events(kase)) {
                // The case is the key: its events stay in one partition, in order.
                promised.add(Map.entry(event, producer.send(new ProducerRecord<>("inbound." + ORG, kase, event))));
            }
            for (var entry : promised) {
                try {
                    entry.getValue().get();
                } catch (ExecutionException error) {
                    failed++;
                    System.err.println("not published: " + entry.getKey() + ": " + error.getCause().getMessage());
                }
            }
        }
        System.out.println(promised.size() - failed + " published");
        // Whoever calls this keeps what was not published, and sends it again: that does no harm.
        System.exit(failed == 0 ? 0 : 1);
    }
}
