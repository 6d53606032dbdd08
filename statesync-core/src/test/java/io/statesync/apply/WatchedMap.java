package io.statesync.apply;

import java.util.AbstractMap;
import java.util.AbstractSet;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A map that records what a reader could see after each change, and can refuse a key. */
final class WatchedMap extends AbstractMap<String, Integer> {
    private final Map<String, Integer> content = new LinkedHashMap<>();
    final List<Map<String, Integer>> seen = new ArrayList<>();
    String refused;

    private void changed() {
        seen.add(new LinkedHashMap<>(content));
    }

    @Override
    public Integer put(String key, Integer value) {
        if (key.equals(refused)) {
            throw new UnsupportedOperationException("no " + key);
        }
        Integer before = content.put(key, value);
        changed();
        return before;
    }

    @Override
    public Set<Entry<String, Integer>> entrySet() {
        return new AbstractSet<>() {
            @Override
            public Iterator<Entry<String, Integer>> iterator() {
                Iterator<Entry<String, Integer>> entries = content.entrySet().iterator();
                return new Iterator<>() {
                    @Override
                    public boolean hasNext() {
                        return entries.hasNext();
                    }

                    @Override
                    public Entry<String, Integer> next() {
                        return entries.next();
                    }

                    @Override
                    public void remove() {
                        entries.remove();
                        changed();
                    }
                };
            }

            @Override
            public int size() {
                return content.size();
            }
        };
    }
}
