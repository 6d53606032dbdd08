package io.statesync.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.statesync.examples.Browser.Window;
import io.statesync.testkit.internal.Ports;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;

/** The inspector in a real browser, and with it {@code statesync.js}, whose first user it is. */
@Timeout(240)
class InspectorTest {
    private static final String LIGHT =
            "{\n  \"theme\": \"light\",\n  \"size\": 14,\n  \"plugins\": [\"git\", \"maven\"]\n}\n";
    private static final String DARK = LIGHT.replace("light", "dark");

    private static Browser browser;

    @TempDir
    Path folder;

    private final Lines served = new Lines();
    private Path settings;
    private FileServer server;
    private String url;
    private int port;

    @BeforeAll
    static void openBrowser() {
        String whyNot = Browser.whyNot();
        assumeTrue(whyNot.isEmpty(), whyNot);
        browser = new Browser();
    }

    @AfterAll
    static void closeBrowser() {
        if (browser != null) {
            browser.close();
        }
    }

    @BeforeEach
    void serve() throws IOException {
        settings = Files.writeString(folder.resolve("settings.json"), LIGHT);
        Files.writeString(folder.resolve("prices.json"), "{\"tea\": 3.2, \"coffee\": 2.9}\n");
        start(Ports.free());
        url = server.base().resolve("/").toString();
        port = server.base().getPort();
    }

    private void start(int port) throws IOException {
        Map<String, Path> files = new LinkedHashMap<>();
        files.put("settings", settings);
        files.put("prices", folder.resolve("prices.json"));
        Screen screen = new Screen(new PrintWriter(served, true), false);
        server = new FileServer(files, InetAddress.getLoopbackAddress(), port, false, screen);
        server.print();
    }

    private void restart() throws IOException {
        start(port);
    }

    @AfterEach
    void stop() throws IOException {
        browser.closeWindows();
        server.close();
    }

    private Window open() {
        Window window = browser.open(url);
        window.awaitText("#value", "theme");
        return window;
    }

    /** Saves as editors do, at once. */
    private void save(String content) throws IOException {
        Path draft = Files.writeString(folder.resolve("draft"), content);
        Files.move(draft, settings, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private static void write(Window window, String json) {
        window.click("#edit");
        assertThat(window.focused()).isEqualTo("draft");
        window.press(Keys.chord(Keys.CONTROL, "a"), json);
    }

    private static void propose(Window window, String json) {
        write(window, json);
        window.press(Keys.chord(Keys.CONTROL, Keys.ENTER));
    }

    private void awaitFile(String part) {
        Awaitility.await()
                .atMost(1, TimeUnit.MINUTES)
                .untilAsserted(() -> assertThat(settings).content().contains(part));
    }

    // ---- statesync.js

    @Test
    void versionsAreComparedAsUnsignedNumbers() {
        Object newer = open().evaluate("""
                const { isNewer } = await import('/statesync/statesync.js');
                const v = (epoch, revision) => ({ epoch, revision });
                return [isNewer(v('1', '10'), v('1', '9')), isNewer(v('2', '1'), v('1', '18446744073709551615')),
                    isNewer(v('0', '18446744073709551615'), v('0', '9223372036854775807')), isNewer(v('1', '1'), null),
                    isNewer(v('1', '9'), v('1', '10')), isNewer(v('1', '1'), v('1', '1')), isNewer(null, null)];""");

        assertThat(newer).isEqualTo(List.of(true, true, true, true, false, false, false));
    }

    @Test
    void aPullIsSkippedWhileAnotherWaits() {
        Object pulls = open().evaluate("""
                const { connect } = await import('/statesync/statesync.js');
                let pulls = 0;
                const server = connect('/state', { tabs: false, onEvent: ({ kind }) => { pulls += kind === 'pull'; } });
                const topic = server.topic('settings');
                await new Promise((known) => topic.subscribe((state) => state && known()));
                const before = pulls;
                const first = topic.refresh();
                for (let i = 0; i < 100; i++) topic.refresh();
                await first;
                await topic.refresh();
                server.close();
                return pulls - before;""");

        assertThat((Long) pulls).isBetween(1L, 2L);
    }

    @Test
    void whatWasWrittenCanBeReadAndAnIdIsNotWrittenTwice() {
        Object answers = open().evaluate("""
                const { connect } = await import('/statesync/statesync.js');
                const server = connect('/state', { tabs: false });
                const topic = server.topic('prices');
                const base = await new Promise((known) => topic.subscribe((state) => state && known(state)));
                const first = await topic.propose({ tea: 4 }, base, 'one');
                const again = await topic.propose({ tea: 4 }, base, 'one');
                await new Promise((there) => topic.subscribe((state) => state.value.tea === 4 && there()));
                const late = await topic.propose({ tea: 5 }, base);
                const any = await topic.propose({ tea: 6 }, null);
                server.close();
                return [first.outcome, again.revision === first.revision, late.outcome, late.current.value.tea, any.outcome];""");

        assertThat(answers).isEqualTo(List.of("accepted", true, "conflict", 4L, "accepted"));
    }

    @Test
    void followsWithoutLocksAndWithoutAConnectionToOtherTabs() throws Exception {
        Window window = open();
        window.evaluate("""
                Object.defineProperty(navigator, 'locks', { value: undefined });
                const { connect } = await import('/statesync/statesync.js');
                window.topic = connect('/state').topic('settings');
                await new Promise((known) => window.topic.subscribe((state) => state && known()));""");

        save(DARK);

        assertThat(window.evaluate("""
                await new Promise((there) => window.topic.subscribe((state) => state.value.theme === 'dark' && there()));
                return [window.topic.status().connected, window.topic.status().leading];""")).isEqualTo(List.of(true, true));
    }

    @Test
    void aTopicThatIsNotThereIsAnErrorOfThePullAndAListenerThatThrowsHarmsNobody() {
        Object told = open().evaluate("""
                const { connect } = await import('/statesync/statesync.js');
                const server = connect('/state', { tabs: false });
                const missing = server.topic('missing');
                const thrown = new Promise((heard) => window.addEventListener('error', () => heard(true), { once: true }));
                missing.subscribe(() => { throw new Error('a listener of mine'); });
                const failed = new Promise((seen) => missing.subscribe((state, status) => status.error && seen(status.error)));
                missing.refresh();
                const { phase, status } = await failed;
                server.close();
                return [phase, status, missing.get() === null, await thrown];""");

        assertThat(told).isEqualTo(List.of("pull", 404L, true, true));
    }

    // ---- the page

    @Test
    void anEditInOneWindowIsSeenInTheOtherAndOneConnectionServesBoth() throws Exception {
        Window one = open();
        one.awaitText("#connection", "connected"::equals);
        Window two = open();
        two.awaitText("#connection", "connected through another tab");
        one.awaitText("#client-list", "settings: up to date");

        propose(one, DARK);

        two.awaitText("#value", "\"dark\"");
        two.awaitText("#revision", "2"::equals);
        one.awaitText("#note", "Written as revision 2.");
        assertThat(one.find("#draft").isEnabled()).isFalse();
        one.awaitText("#timeline", "accepted");
        awaitFile("\"dark\"");
        assertThat(one.find("#client-list").findElements(By.tagName("li"))).hasSize(1);
        assertThat(one.text("#client-list")).contains("· connected");

        one.close();
        two.awaitText("#connection", "connected"::equals);
        save(LIGHT.replace("14", "15"));
        two.awaitText("#value", "15");
        assertThat(two.complaints(url)).isEmpty();
    }

    @Test
    void aConflictIsShownSideBySideAndOnesOwnCanBeKept() throws Exception {
        Window slow = open();
        Window fast = open();
        write(slow, LIGHT.replace("14", "20"));
        propose(fast, DARK);
        slow.awaitText("#draft-label", "made from revision 1; the newest is revision 2");

        slow.click("#propose");

        slow.awaitText("#conflict-title", "Somebody was faster");
        assertThat(slow.text("#mine")).contains("\"light\"", "20");
        assertThat(slow.text("#theirs")).contains("\"dark\"", "14");
        assertThat(slow.text("#base")).contains("\"light\"", "14");
        assertThat(slow.focused()).isEqualTo("conflict-title");
        slow.screenshot("conflict");
        slow.click("#keep-mine");
        fast.awaitText("#value", "20");
        fast.awaitText("#revision", "3"::equals);
        awaitFile("20");
    }

    @Test
    void aConflictCanBeSettledWithTheirs() {
        Window slow = open();
        Window fast = open();
        write(slow, LIGHT.replace("14", "20"));
        propose(fast, DARK);
        slow.awaitText("#revision", "2"::equals);
        slow.click("#propose");
        slow.awaitText("#theirs-title", "Theirs, revision 2");

        slow.click("#take-theirs");

        slow.awaitText("#note", "Theirs is kept");
        assertThat(slow.text("#value")).contains("\"dark\"", "14");
        assertThat(slow.find("#edit").isEnabled()).isTrue();
    }

    @Test
    void windowsGoOnWhenTheServerComesBack() throws Exception {
        Window one = open();
        Window two = open();
        server.close();
        one.awaitText("#connection", "not connected");
        two.awaitText("#connection", "not connected");
        save(DARK);

        restart();

        one.awaitText("#value", "\"dark\"");
        two.awaitText("#value", "\"dark\"");
        one.awaitText("#connection", text -> text.startsWith("connected"));
        save(LIGHT.replace("14", "15"));
        one.awaitText("#value", "15");
        two.awaitText("#value", "15");
    }

    @Test
    void anEditMadeWithoutTheServerArrivesWhenItIsBack() throws Exception {
        Window window = open();
        server.close();
        window.awaitText("#connection", "not connected");

        propose(window, DARK);

        window.awaitText("#waiting", "1 edit waits");
        window.awaitText("#edits", "settings, made from revision 1");
        window.awaitText("#note", "the edit waits");
        window.awaitText("#timeline", "propose: ");
        window.awaitText("#client-list", "does not answer");
        window.screenshot("offline");
        restart();
        awaitFile("\"dark\"");
        window.awaitText("#waiting", ""::equals);
        window.awaitText("#note", "Written as revision");
    }

    @Test
    void anEditMadeWithoutTheServerIsAConflictIfSomebodyElseWroteMeanwhile() throws Exception {
        Window window = open();
        server.close();
        window.awaitText("#connection", "not connected");
        propose(window, DARK);
        window.awaitText("#waiting", "1 edit waits");
        save(LIGHT.replace("14", "15"));

        restart();

        window.awaitText("#theirs", "15");
        assertThat(window.text("#mine")).contains("\"dark\"");
        assertThat(settings).content().contains("\"light\"");
    }

    @Test
    void whatIsNoJsonStaysInTheFormAndIsSaid() {
        Window window = open();

        propose(window, "{\"theme\": ");

        window.awaitText("#note", "Not JSON");
        assertThat(window.text("#draft")).isEqualTo("{\"theme\": ");
        assertThat(window.find("#draft").getDomAttribute("aria-invalid")).isEqualTo("true");
        assertThat(window.focused()).isEqualTo("draft");
    }

    @Test
    void timeTravelShowsAnOldStateAndTheDifference() throws Exception {
        Window window = open();
        save(DARK);
        window.awaitText("#revision", "2"::equals);
        save(DARK.replace("14", "16").replace(", \"maven\"", "").replace("{\n", "{\n  \"name\": \"<img src=x>\",\n"));
        window.awaitText("#revision", "3"::equals);
        assertThat(window.text("#diff"))
                .contains("$.size", "14 → 16", "$.plugins[1]", "removed \"maven\"", "$.name", "added \"<img src=x>\"");
        assertThat((Long) window.evaluate("return document.querySelectorAll('main img').length;"))
                .isZero();

        window.find("#older").sendKeys(Keys.ENTER);
        window.find("#older").sendKeys(Keys.ENTER);

        window.awaitText("#showing", "past, 2 back"::equals);
        assertThat(window.text("#value")).contains("\"light\"", "14");
        save(LIGHT.replace("14", "99"));
        window.awaitText("#showing", "past, 3 back"::equals);
        assertThat(window.text("#value")).contains("\"light\"", "14");
        window.find("#against option[value='newest']").click();
        window.awaitText("#diff-between", "revision 1 to 4");
        assertThat(window.text("#diff")).startsWith("$.size").endsWith("14 → 99");
        window.screenshot("past");
        window.click("#newest");
        window.awaitText("#revision", "4"::equals);
    }

    @Test
    void isReadableInLightAndDarkAndOnAPhone() throws Exception {
        Window window = open();
        for (int size = 15; size < 18; size++) {
            String revision = String.valueOf(size - 13);
            save(DARK.replace("14", String.valueOf(size)));
            window.awaitText("#revision", revision::equals);
        }
        window.awaitText("#client-list", "settings: up to date");
        write(window, DARK.replace("14", "20"));
        window.size(1280, 1000, false);
        window.scheme("light");
        window.screenshot("light");
        String light = background(window);
        window.scheme("dark");
        window.screenshot("dark");
        assertThat(background(window)).isNotEqualTo(light);

        window.scheme("light");
        window.size(375, 1500, true);
        window.screenshot("phone");

        assertThat((Boolean) window.evaluate("return document.documentElement.scrollWidth <= 375;"))
                .isTrue();
        window.press(Keys.chord(Keys.CONTROL, Keys.ENTER));
        window.awaitText("#note", "Written as revision");
    }

    private static String background(Window window) {
        return String.valueOf(window.evaluate("return getComputedStyle(document.body).backgroundColor;"));
    }
}
