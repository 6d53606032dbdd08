package io.statesync.persistence;

import io.statesync.SavingCache;
import io.statesync.jackson.JacksonCodec;
import io.statesync.testkit.SavingCacheContract;
import java.nio.file.Path;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

class PersistentCacheContractTest {
    @Nested
    class InAFolder extends SavingCacheContract<String> {
        @TempDir
        Path folder;

        @Override
        protected SavingCache<String> createCache() throws Exception {
            return PersistentCache.inFolder(folder, JacksonCodec.json(String.class));
        }

        @Override
        protected SavingCache<String> reopen(SavingCache<String> cache) throws Exception {
            return createCache();
        }

        @Override
        protected String data(int n) {
            return "state " + n;
        }
    }

    @Nested
    class InMemory extends SavingCacheContract<String> {
        private final MemoryStorage storage = new MemoryStorage();

        @Override
        protected SavingCache<String> createCache() {
            return PersistentCache.in(storage, JacksonCodec.json(String.class));
        }

        @Override
        protected SavingCache<String> reopen(SavingCache<String> cache) {
            return createCache();
        }

        @Override
        protected String data(int n) {
            return "state " + n;
        }
    }
}
