package io.statesync.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.awaitility.Awaitility;
import org.openqa.selenium.By;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.WindowType;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;

/** A Chromium without a screen, which reaches this machine only. */
final class Browser implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final List<String> BROWSERS =
            List.of("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome");
    private static final String DRIVER = "/usr/bin/chromedriver";

    private final ChromeDriver driver;
    private final String first;

    Browser() {
        ChromeOptions options = new ChromeOptions();
        options.setBinary(new File(browser()));
        options.addArguments(
                "--headless=new",
                "--no-sandbox", // as containers need it; the pages are ours
                "--disable-dev-shm-usage",
                "--disable-gpu",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
                "--window-size=1280,1000");
        driver = new ChromeDriver(
                new ChromeDriverService.Builder()
                        .usingDriverExecutable(new File(DRIVER))
                        .withTimeout(PATIENCE.multipliedBy(4))
                        .build(),
                options);
        first = driver.getWindowHandle();
    }

    /** Why there is none; empty if there is one. */
    static String whyNot() {
        return browser().isEmpty() || !Files.isExecutable(Path.of(DRIVER))
                ? "needs a Chromium and " + DRIVER
                        + ": .ci/install-browser, or apt-get install chromium chromium-driver"
                : "";
    }

    private static String browser() {
        return BROWSERS.stream()
                .filter(path -> Files.isExecutable(Path.of(path)))
                .findFirst()
                .orElse("");
    }

    /** A new window at a URL. */
    Window open(String url) {
        driver.switchTo().window(first);
        driver.switchTo().newWindow(WindowType.WINDOW);
        Window window = new Window(driver.getWindowHandle());
        driver.get(url);
        return window;
    }

    /** Closes all windows but an empty one. */
    void closeWindows() {
        Set<String> handles = new HashSet<>(driver.getWindowHandles());
        handles.remove(first);
        handles.forEach(handle -> driver.switchTo().window(handle).close());
        driver.switchTo().window(first);
    }

    @Override
    public void close() {
        driver.quit();
    }

    /** One window; it comes to the front with each thing that is done in it. */
    final class Window {
        private final String handle;

        private Window(String handle) {
            this.handle = handle;
        }

        WebElement find(String selector) {
            driver.switchTo().window(handle);
            return driver.findElement(By.cssSelector(selector));
        }

        /** What an element says, or what a field holds. */
        String text(String selector) {
            WebElement element = find(selector);
            return element.getTagName().equals("textarea")
                    ? String.valueOf(element.getDomProperty("value"))
                    : element.getText();
        }

        void click(String selector) {
            Awaitility.await().atMost(PATIENCE).ignoreExceptions().until(() -> {
                WebElement element = find(selector);
                element.click();
                return true;
            });
        }

        void press(CharSequence... keys) {
            driver.switchTo().window(handle);
            driver.switchTo().activeElement().sendKeys(keys);
        }

        String focused() {
            driver.switchTo().window(handle);
            return String.valueOf(driver.switchTo().activeElement().getDomProperty("id"));
        }

        void awaitText(String selector, Predicate<String> condition) {
            Awaitility.await()
                    .atMost(PATIENCE)
                    .ignoreException(StaleElementReferenceException.class)
                    .untilAsserted(() -> assertThat(text(selector)).as(selector).matches(condition));
        }

        void awaitText(String selector, String part) {
            Awaitility.await()
                    .atMost(PATIENCE)
                    .ignoreException(StaleElementReferenceException.class)
                    .untilAsserted(() -> assertThat(text(selector)).as(selector).contains(part));
        }

        /** The value of an asynchronous function's body. */
        Object evaluate(String body, Object... arguments) {
            driver.switchTo().window(handle);
            driver.manage().timeouts().scriptTimeout(PATIENCE);
            return driver.executeAsyncScript(
                    "const done = arguments[arguments.length - 1];" + "(async (...args) => {" + body
                            + "})(...arguments).then(done, (e) => done('failed: ' + e));",
                    arguments);
        }

        void scheme(String scheme) {
            cdp(
                    "Emulation.setEmulatedMedia",
                    Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
        }

        void size(int width, int height, boolean phone) {
            cdp(
                    "Emulation.setDeviceMetricsOverride",
                    Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", phone));
        }

        private void cdp(String command, Map<String, Object> parameters) {
            driver.switchTo().window(handle);
            driver.executeCdpCommand(command, parameters);
        }

        void screenshot(String name) throws IOException {
            driver.switchTo().window(handle);
            evaluate("await new Promise((next) => requestAnimationFrame(() => requestAnimationFrame(next)));");
            Path folder = Files.createDirectories(Path.of("target", "screenshots"));
            Files.write(folder.resolve(name + ".png"), driver.getScreenshotAs(OutputType.BYTES));
        }

        /** What the browser complained of, of pages below a URL. */
        List<String> complaints(String url) {
            driver.switchTo().window(handle);
            return driver.manage().logs().get("browser").getAll().stream()
                    .map(LogEntry::toString)
                    .filter(complaint -> complaint.contains(url))
                    .toList();
        }

        void close() {
            driver.switchTo().window(handle).close();
            driver.switchTo().window(first);
        }
    }
}
