package io.statesync.persistence.jdbc;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.UUID;
import javax.sql.DataSource;
import org.h2.jdbcx.JdbcDataSource;
import org.postgresql.ds.PGSimpleDataSource;
import org.sqlite.SQLiteDataSource;

/** The databases that tests run on: real ones, made empty for each test. */
public enum TestDatabase {
    H2,
    SQLITE,
    POSTGRESQL;

    /** A database with nothing in it, which gives a new connection each time. */
    public DataSource empty() {
        return switch (this) {
            case H2 -> {
                JdbcDataSource source = new JdbcDataSource();
                source.setURL("jdbc:h2:mem:" + UUID.randomUUID() + ";DB_CLOSE_DELAY=-1");
                yield source;
            }
            case SQLITE -> {
                SQLiteDataSource source = new SQLiteDataSource();
                source.setUrl("jdbc:sqlite:" + temporaryFile());
                source.setSynchronous("OFF"); // no power is cut here
                yield source;
            }
            case POSTGRESQL -> postgres("s" + UUID.randomUUID().toString().replace("-", ""));
        };
    }

    private static Path temporaryFile() {
        try {
            Path file = Files.createTempFile("statesync", ".sqlite");
            file.toFile().deleteOnExit();
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** One server for all tests of this JVM, started when it is first needed. */
    private static final class Server {
        static final EmbeddedPostgres RUNNING = start();

        private static EmbeddedPostgres start() {
            try {
                EmbeddedPostgres server;
                try {
                    server = builder().start();
                } catch (IOException e) { // somebody else has taken the port that it found
                    server = builder().start();
                }
                EmbeddedPostgres running = server;
                Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                    try {
                        running.close();
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                }));
                return server;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private static EmbeddedPostgres.Builder builder() {
            return EmbeddedPostgres.builder()
                    .setServerConfig("max_connections", "200")
                    .setPGStartupWait(Duration.ofMinutes(2));
        }
    }

    /** The server's database, with a schema that is made if it is not there. */
    static PGSimpleDataSource postgres(String schema) {
        PGSimpleDataSource source = new PGSimpleDataSource();
        source.setURL(Server.RUNNING.getJdbcUrl("postgres", "postgres"));
        execute(source, "CREATE SCHEMA IF NOT EXISTS " + schema);
        source.setCurrentSchema(schema);
        return source;
    }

    static void execute(DataSource source, String sql) {
        try (Connection connection = source.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new AssertionError(sql, e);
        }
    }
}
