"""CPython: threads, processes and their semaphores, sockets, a database in a file, children, memory that is shared."""
import asyncio, fcntl, mmap, multiprocessing, multiprocessing.shared_memory, os, pty, select, signal, socket, sqlite3
import subprocess, tempfile, threading, unittest


def count_to(limit, semaphore, counter, results):
    for _ in range(limit):
        with semaphore:
            counter.value += 1
    results.put(os.getpid())


def square(n):
    return n * n


class Programs(unittest.TestCase):
    def test_threads(self):
        barrier, lock, seen = threading.Barrier(8), threading.Lock(), []

        def work(n):
            barrier.wait(60)
            with lock:
                seen.append(n)

        threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(seen), list(range(8)))

    def test_processes(self):
        for method in "fork", "spawn", "forkserver":
            context = multiprocessing.get_context(method)
            semaphore, counter, results = context.Semaphore(1), context.Value("i", 0, lock=False), context.Queue()
            workers = [context.Process(target=count_to, args=(100, semaphore, counter, results)) for _ in range(3)]
            for worker in workers:
                worker.start()
            pids = {results.get() for _ in workers}
            for worker in workers:
                worker.join()
            self.assertEqual((counter.value, len(pids), method), (300, 3, method))
        with multiprocessing.get_context("fork").Pool(3) as pool:
            self.assertEqual(pool.map(square, range(10)), [n * n for n in range(10)])

    def test_shared_memory(self):
        ours = multiprocessing.shared_memory.SharedMemory(create=True, size=4096)
        try:
            if os.fork() == 0:
                ours.buf[0] = 42
                os._exit(0)
            self.assertEqual(os.wait()[1], 0)
            self.assertEqual(ours.buf[0], 42)
        finally:
            ours.close()
            ours.unlink()
        file = os.memfd_create("memory")
        os.ftruncate(file, 4096)
        with mmap.mmap(file, 4096) as memory:
            memory[:5] = b"hello"
            self.assertEqual(os.pread(file, 5, 0), b"hello")
        os.close(file)

    def test_asyncio(self):
        async def answer(reader, writer):
            writer.write((await reader.readline()).upper())
            await writer.drain()
            writer.close()

        async def ask(family, address, n):
            reader, writer = await asyncio.open_connection(*address[:2], family=family)
            writer.write(b"line %d\n" % n)
            line = await reader.readline()
            writer.close()
            return line

        async def all_of(family, host):
            server = await asyncio.start_server(answer, host, 0, family=family)
            async with server:
                address = server.sockets[0].getsockname()
                return await asyncio.gather(*(ask(family, address, n) for n in range(20)))

        async def child():
            process = await asyncio.create_subprocess_exec("cat", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            return (await process.communicate(b"through a child"))[0], process.returncode

        expected = [b"LINE %d\n" % n for n in range(20)]
        self.assertEqual(asyncio.run(all_of(socket.AF_INET, "127.0.0.1")), expected)
        self.assertEqual(asyncio.run(all_of(socket.AF_INET6, "::1")), expected)
        self.assertEqual(asyncio.run(child()), (b"through a child", 0))

    def test_sqlite(self):
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "database")
            with sqlite3.connect(file) as database:
                self.assertEqual(database.execute("PRAGMA journal_mode=WAL").fetchone(), ("wal",))
                database.execute("CREATE TABLE numbers (n INTEGER)")

            def insert(n):
                with sqlite3.connect(file, timeout=60) as database:
                    database.execute("INSERT INTO numbers VALUES (?)", (n,))

            threads = [threading.Thread(target=insert, args=(n,)) for n in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            with sqlite3.connect(file) as database:
                self.assertEqual(database.execute("SELECT count(*), sum(n) FROM numbers").fetchone(), (8, 28))

    def test_children(self):
        done = subprocess.run(["sh", "-c", "echo out; echo err >&2; exit 3"], capture_output=True, text=True)
        self.assertEqual((done.stdout, done.stderr, done.returncode), ("out\n", "err\n", 3))
        sleeper = subprocess.Popen(["sleep", "1000"], start_new_session=True)
        os.killpg(sleeper.pid, signal.SIGTERM)
        self.assertEqual(sleeper.wait(), -signal.SIGTERM)
        end = os.pidfd_open(os.posix_spawnp("true", ["true"], os.environ))
        self.assertEqual(select.select([end], [], [], 60)[0], [end])
        self.assertEqual(os.waitid(os.P_PIDFD, end, os.WEXITED).si_status, 0)
        os.close(end)
        child, terminal = pty.fork()
        if child == 0:
            os.execvp("tty", ["tty"])
        self.assertIn(b"/dev/pts/", os.read(terminal, 100))
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        os.close(terminal)

    def test_files(self):
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "from"), "w+b") as one, open(os.path.join(folder, "to"), "w+b") as two:
                one.write(b"x" * 100000)
                one.flush()
                fcntl.flock(one, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self.assertEqual(os.sendfile(two.fileno(), one.fileno(), 0, 50000), 50000)
                self.assertEqual(os.copy_file_range(one.fileno(), two.fileno(), 50000, 50000, 50000), 50000)
                os.posix_fallocate(two.fileno(), 0, 200000)
                self.assertEqual(os.stat(two.fileno()).st_size, 200000)


if __name__ == "__main__":
    unittest.main()
