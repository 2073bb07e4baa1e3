#!/usr/bin/env python3
"""Which pages a text writes and reads beside old ones: the causes behind `cargo bench --bench growth`.

Makes a database of the product's own migrations with the old rows of benches/growth.rs, and writes new rows table by table, 40 a
commit. Prints a table in Markdown: pages of the write-ahead log and reads for each text, with SQLite's cache and with a large one;
then what the check at the start takes and what a step of the sweep writes. Python's own SQLite, standard library only.
`benches/pages.py ROWS …` (default: 1000 1000000; a million take 1.2 GB in the system's temporary folder).
"""

import pathlib
import re
import sqlite3
import statistics
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
DAY = 86_400_000
COMMITS, EACH = 50, 40
PAGE_IN_LOG = 4096 + 24
SWEEP = {
    "inbox": "UPDATE inbox SET source = NULL, source_mac = NULL, text = NULL, raw = NULL WHERE id IN ("
    "SELECT id FROM inbox WHERE state >= 2 AND text IS NOT NULL AND done_at < ?1 LIMIT ?2)",
    "outbox": "UPDATE outbox SET destination = NULL, number_mac = NULL, body = NULL, message_id = NULL, message_key = NULL "
    "WHERE id IN (SELECT id FROM outbox WHERE state >= 3 AND body IS NOT NULL AND updated_at < ?1 LIMIT ?2)",
    "mo_dedupe": "DELETE FROM mo_dedupe WHERE (digest, family) IN ("
    "SELECT digest, family FROM mo_dedupe WHERE kind = 2 AND seen_at < ?1 LIMIT ?2)",
}


def old_rows():
    """The statements of benches/growth.rs by their tables."""
    source = (ROOT / "benches" / "growth.rs").read_text()
    body = source[source.index("const OLD") :].partition("];\n")[0]
    statements = [re.sub(r"\\\n\s*", "", text) for text in re.findall(r'"(INSERT[^"]*)"', body)]
    assert len(statements) == 4, "benches/growth.rs is written in another way now"
    return {statement.split()[2]: statement for statement in statements}


def opened(path, **pragmas):
    connection = sqlite3.connect(path, isolation_level=None)
    connection.create_function("unhex", 1, bytes.fromhex, deterministic=True)
    for name, value in pragmas.items():
        connection.execute(f"PRAGMA {name} = {value}")
    return connection


def write(connection, statement, begun, first, count):
    rows = (
        f"WITH RECURSIVE n (n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM n WHERE n + 1 < {first + count}), r (n, at, id) AS "
        f"(SELECT n, {begun} + n, unhex(printf('%012x70008%015x', {begun} + n, n)) FROM n) "
    )
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(rows + statement)
    connection.execute("COMMIT")


def make(path, rows, begun):
    connection = opened(path, journal_mode="OFF", synchronous="OFF", cache_size=-400_000)
    for file in sorted((ROOT / "migrations" / "sqlite").glob("*.sql")):
        connection.executescript(file.read_text())
    for statement in old_rows().values():
        write(connection, statement, begun, 0, rows)
    connection.close()


def reads():
    lines = pathlib.Path("/proc/self/io").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("syscr")).split()[1])


def pages(path, connection, work, times):
    """Pages of the log and reads for each of so many rows."""
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = reads()
    work()
    after = reads()
    return pathlib.Path(f"{path}-wal").stat().st_size / PAGE_IN_LOG / times, (after - before) / times


def measure(folder, rows):
    path, now = folder / f"{rows}.db", int(time.time() * 1_000)
    make(path, rows, now - 8 * DAY)
    first = 10 * rows
    for cache in (-2_000, -65_536):
        connection = opened(path, journal_mode="WAL", synchronous="FULL", wal_autocheckpoint=0, cache_size=cache)
        for table, statement in old_rows().items():

            def work():
                for commit in range(COMMITS):
                    write(connection, statement, now, first + commit * EACH, EACH)

            written, read = pages(path, connection, work, COMMITS * EACH)
            print(f"| {rows} | {-cache:,} KiB | {table} | {written:.2f} | {read:.2f} |", flush=True)
        first += COMMITS * EACH
        connection.close()
    connection = opened(path, wal_autocheckpoint=0)
    begun = time.monotonic()
    connection.execute("PRAGMA quick_check(1)").fetchall()
    print(f"| {rows} | | quick_check | {(time.monotonic() - begun) * 1_000:.0f} ms | |")
    for table, statement in SWEEP.items():
        done = []

        def work():
            for _ in range(min(10, rows // 1_000)):
                done.append(connection.execute(statement, (now - 7 * DAY, 500)).rowcount)

        written, _ = pages(path, connection, work, 1)
        print(f"| {rows} | | sweep of {table}, {statistics.median(done):.0f} rows a step | {written / sum(done):.2f} | |")
    connection.close()


def main():
    print("| old texts | cache | table | pages of the log a row | reads a row |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for rows in [int(word) for word in sys.argv[1:]] or [1_000, 1_000_000]:
            measure(pathlib.Path(folder), rows)


if __name__ == "__main__":
    main()
