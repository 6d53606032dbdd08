/**
 * A database as the place where state is kept. Needed by whoever has one already and wants no folder beside it, or wants
 * several processes to share one state.
 *
 * <p>Any {@link javax.sql.DataSource} whose connections are its caller's alone: not one that joins a transaction that is
 * under way. A pool is advised, since every call takes a connection and gives it back. Tested with PostgreSQL, H2 and
 * SQLite; see docs/jdbc.md.
 *
 * <p>Nothing here returns or takes null unless it says so.
 */
@NullMarked
package io.statesync.persistence.jdbc;

import org.jspecify.annotations.NullMarked;
