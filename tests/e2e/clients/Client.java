import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.regex.Pattern;

/** Java's HttpClient with nothing but a URL. */
class Client {
    static final String URL = "https://api.stripe.com/v1/charges";
    static final HttpClient client = HttpClient.newHttpClient();

    static HttpResponse<String> call(String method, String url) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(url)).timeout(Duration.ofSeconds(30))
            .method(method, HttpRequest.BodyPublishers.noBody()).build();
        return client.send(request, HttpResponse.BodyHandlers.ofString());
    }

    public static void main(String[] arguments) throws Exception {
        var allowed = call("GET", URL + "?client=java");
        var refused = call("DELETE", URL + "/ch_1");
        var code = Pattern.compile("\"code\": *\"([A-Z_]+)\"").matcher(refused.body());
        var unregistered = new StringBuilder();
        try {
            unregistered.append(call("GET", "https://unregistered.example/").statusCode());
        } catch (java.io.IOException error) {
            for (Throwable cause = error; cause != null; cause = cause.getCause())
                unregistered.append(cause).append("; ");
        }
        System.out.printf("{\"client\":\"java\",\"allowed\":{\"status\":%d,\"body\":%s},"
            + "\"refused\":{\"status\":%d,\"code\":\"%s\"},\"unregistered\":\"%s\"}%n",
            allowed.statusCode(), allowed.body(), refused.statusCode(), code.find() ? code.group(1) : "", unregistered);
    }
}
