package io.statesync.stores;

import io.statesync.source.Authority;
import io.statesync.source.InMemoryJournal;
import io.statesync.source.RevisionedStore;
import io.statesync.source.StateJournal;
import io.statesync.testkit.AuthorityContract;
import io.statesync.testkit.StateJournalContract;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;

/** The store in memory keeps the authority's contract, with and without a journal, and the journal in memory its own. */
class StoreContractTest {

    @Nested
    class WithoutJournal extends AuthorityContract<Integer> {
        @Override
        protected Authority<Integer> createAuthority() {
            return RevisionedStore.of("count", data(0));
        }

        @Override
        protected Integer data(int n) {
            return n;
        }
    }

    @Nested
    class WithAJournal extends AuthorityContract<String> {
        private final ExecutorService executor = Executors.newFixedThreadPool(2);

        @Override
        protected Authority<String> createAuthority() {
            return RevisionedStore.<String>builder("count")
                    .journal(new InMemoryJournal<>(), executor)
                    .open(() -> data(0));
        }

        @Override
        protected String data(int n) {
            return "state " + n;
        }

        @AfterEach
        void shutDown() {
            executor.shutdown();
        }
    }

    @Nested
    class JournalInMemory extends StateJournalContract<String> {
        @Override
        protected StateJournal<String> createJournal() {
            return new InMemoryJournal<>();
        }

        @Override
        protected StateJournal<String> reopen(StateJournal<String> journal) {
            return journal;
        }

        @Override
        protected String data(int n) {
            return "state " + n;
        }

        @Override
        protected boolean allowsNullData() {
            return true;
        }
    }
}
