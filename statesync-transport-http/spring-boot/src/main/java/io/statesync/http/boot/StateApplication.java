package io.statesync.http.boot;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** The application. */
@SpringBootApplication
public class StateApplication {
    public static void main(String... args) {
        SpringApplication.run(StateApplication.class, args);
    }
}
