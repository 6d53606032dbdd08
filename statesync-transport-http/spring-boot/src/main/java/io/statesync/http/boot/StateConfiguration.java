package io.statesync.http.boot;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.statesync.http.server.Access;
import io.statesync.http.server.Action;
import io.statesync.http.server.Authorizer;
import io.statesync.http.server.StateServlet;
import io.statesync.jackson.JacksonCodec;
import io.statesync.source.RevisionedStore;
import io.statesync.source.StoreRegistry;
import java.security.MessageDigest;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.web.servlet.ServletRegistrationBean;
import org.springframework.context.ApplicationListener;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.ContextClosedEvent;

// snippet: SpringBootServer
@Configuration
class StateConfiguration {
    @Bean
    StoreRegistry stores() {
        return StoreRegistry.create();
    }

    @Bean
    RevisionedStore<Settings> settings(StoreRegistry stores) {
        return stores.store("settings", () -> new Settings("light", 20));
    }

    /** Everybody reads; who has the token writes. */
    @Bean
    Authorizer authorizer(@Value("${state.token}") String token) {
        byte[] expected = ("Bearer " + token).getBytes(UTF_8);
        return (request, topic, action) -> {
            String given = String.valueOf(request.getHeader("Authorization"));
            boolean allowed = action == Action.READ || MessageDigest.isEqual(given.getBytes(UTF_8), expected);
            return allowed ? Access.ALLOWED : Access.UNAUTHENTICATED;
        };
    }

    @Bean
    StateServlet servlet(StoreRegistry stores, Authorizer authorizer) {
        return StateServlet.builder()
                .registry(stores, topic -> JacksonCodec.json(Settings.class))
                .authorizer(authorizer)
                .challenge("Bearer")
                .build();
    }

    @Bean
    ServletRegistrationBean<StateServlet> state(StateServlet servlet) {
        ServletRegistrationBean<StateServlet> registration = new ServletRegistrationBean<>(servlet, "/state/*");
        registration.setAsyncSupported(true);
        return registration;
    }

    /** Ends the streams as soon as Spring stops: it waits for open requests before it closes the beans. */
    @Bean
    ApplicationListener<ContextClosedEvent> streamsEnd(StateServlet servlet) {
        return event -> servlet.close();
    }
}
// end
