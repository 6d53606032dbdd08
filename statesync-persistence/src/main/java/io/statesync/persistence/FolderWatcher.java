package io.statesync.persistence;

import io.statesync.internal.DaemonThreads;
import io.statesync.internal.FolderWatch;
import io.statesync.internal.FolderWatch.Signal;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The thread that watches a folder for all who follow an entry of it in this process: there from the first of them until
 * the last has gone.
 */
final class FolderWatcher {
    private static final Logger log = LoggerFactory.getLogger("io.statesync.persistence");

    /** Guarded by itself: no user code, and no waiting, under it. */
    private static final Map<Key, FolderWatcher> WATCHERS = new HashMap<>();

    private final List<EntryFollower> followers = new CopyOnWriteArrayList<>();
    private final FolderWatch watch;

    private record Key(Path folder, boolean watching) {
        static Key of(EntryFollower follower) {
            return new Key(follower.folder(), follower.watching());
        }
    }

    private FolderWatcher(Key key) {
        watch = FolderWatch.ofFolder(key.folder, this::touch, key.watching, log);
    }

    /** The follower looks at its entry from now on, once at once; again, if it looks already. */
    static void look(EntryFollower follower) {
        Key key = Key.of(follower);
        FolderWatcher watcher;
        synchronized (WATCHERS) {
            watcher = WATCHERS.get(key);
            if (watcher == null) {
                watcher = started(key);
                WATCHERS.put(key, watcher);
            }
            if (!watcher.followers.contains(follower)) {
                watcher.followers.add(follower);
            }
        }
        follower.wake();
        watcher.watch.wake();
    }

    private static FolderWatcher started(Key key) {
        FolderWatcher watcher = new FolderWatcher(key);
        try {
            DaemonThreads.newThread("statesync-folder-" + key.folder.getFileName(), watcher::run)
                    .start();
            return watcher;
        } catch (Throwable t) { // there may be no thread to be had
            watcher.watch.close();
            throw t;
        }
    }

    /** The follower looks no more. A look under way goes on. */
    static void leave(EntryFollower follower) {
        Key key = Key.of(follower);
        FolderWatcher watcher;
        synchronized (WATCHERS) {
            watcher = WATCHERS.get(key);
            if (watcher == null || !watcher.followers.remove(follower) || !watcher.followers.isEmpty()) {
                return;
            }
            WATCHERS.remove(key);
        }
        watcher.watch.close();
    }

    private void run() {
        Signal signal = Signal.ANY;
        while (signal != Signal.CLOSED) {
            long wait = Long.MAX_VALUE;
            for (EntryFollower follower : followers) {
                wait = Math.min(wait, look(follower, signal == Signal.ANY));
            }
            signal = watch.await(wait);
        }
    }

    private static long look(EntryFollower follower, boolean any) {
        try {
            return follower.lookIfDue(any, System.nanoTime());
        } catch (RuntimeException | Error e) { // the others must go on
            log.error("a look at an entry failed, and will be tried again folder={}", follower.folder(), e);
            return follower.pollNanos();
        }
    }

    private boolean touch(Path name) {
        boolean touched = false;
        for (EntryFollower follower : followers) {
            touched |= follower.touch(name);
        }
        return touched;
    }
}
