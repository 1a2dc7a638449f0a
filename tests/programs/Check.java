// OpenJDK: threads of both kinds, sockets, files, a file in memory, a child, watching a folder.
import java.io.*;
import java.net.*;
import java.nio.*;
import java.nio.channels.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.*;

public class Check {
    static void check(String name, Object got, Object expected) {
        if (!got.equals(expected)) throw new AssertionError(name + ": " + got + ", not " + expected);
        System.out.println(name);
    }

    static void threads() throws Exception {
        AtomicInteger sum = new AtomicInteger();
        for (ExecutorService each : List.of(Executors.newFixedThreadPool(8), Executors.newVirtualThreadPerTaskExecutor()))
            try (ExecutorService executor = each) {
                for (int n = 0; n < 1000; n++) executor.submit(sum::incrementAndGet);
            }
        check("threads", sum.get(), 2000);
        check("parallel streams", IntStream.range(0, 100000).parallel().asLongStream().sum(), 4999950000L);
    }

    static String ask(int port, String line) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.getOutputStream().write((line + "\n").getBytes());
            return new BufferedReader(new InputStreamReader(socket.getInputStream())).readLine();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static void answer(Socket socket) {
        try (socket) {
            String line = new BufferedReader(new InputStreamReader(socket.getInputStream())).readLine();
            socket.getOutputStream().write((line.toUpperCase() + "\n").getBytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static void sockets() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                ExecutorService executor = Executors.newCachedThreadPool()) {
            executor.submit(() -> {
                for (int n = 0; n < 20; n++) {
                    Socket socket = server.accept();
                    executor.submit(() -> answer(socket));
                }
                return null;
            });
            List<Future<String>> answers = new ArrayList<>();
            for (int n = 0; n < 20; n++) {
                String line = "line " + n;
                answers.add(executor.submit(() -> ask(server.getLocalPort(), line)));
            }
            for (int n = 0; n < 20; n++) check("socket " + n, answers.get(n).get(), "LINE " + n);
        }
    }

    static void selector() throws Exception {
        try (Selector selector = Selector.open(); ServerSocketChannel server = ServerSocketChannel.open()) {
            server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)).configureBlocking(false);
            server.register(selector, SelectionKey.OP_ACCEPT);
            try (SocketChannel client = SocketChannel.open(server.getLocalAddress())) {
                check("selector", selector.select(60000), 1);
                try (SocketChannel accepted = server.accept()) {
                    check("channels", accepted.getRemoteAddress(), client.getLocalAddress());
                }
            }
        }
    }

    static void files(Path folder) throws Exception {
        Path file = folder.resolve("mapped");
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
                FileLock lock = channel.lock()) {
            MappedByteBuffer memory = channel.map(FileChannel.MapMode.READ_WRITE, 0, 1 << 20);
            memory.put(4096, "in memory".getBytes());
            memory.force();
            ByteBuffer read = ByteBuffer.allocate(9);
            channel.read(read, 4096);
            check("a file in memory", new String(read.array(), StandardCharsets.UTF_8), "in memory");
        }
        Files.copy(file, folder.resolve("copy"));
        check("files", Files.mismatch(file, folder.resolve("copy")), -1L);
        try (WatchService watch = folder.getFileSystem().newWatchService()) {
            folder.register(watch, StandardWatchEventKinds.ENTRY_CREATE);
            Files.createFile(folder.resolve("new"));
            WatchKey key = watch.poll(60, TimeUnit.SECONDS);
            check("watching", key.pollEvents().get(0).context().toString(), "new");
        }
    }

    static void children() throws Exception {
        Process process = new ProcessBuilder("sh", "-c", "cat; exit 3").start();
        process.getOutputStream().write("through a child".getBytes());
        process.getOutputStream().close();
        check("a child's output", new String(process.getInputStream().readAllBytes()), "through a child");
        check("a child's status", process.waitFor(), 3);
    }

    public static void main(String[] words) throws Exception {
        threads();
        sockets();
        selector();
        files(Files.createTempDirectory("check"));
        children();
    }
}
