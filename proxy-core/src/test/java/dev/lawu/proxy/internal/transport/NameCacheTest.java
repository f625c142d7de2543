package dev.lawu.proxy.internal.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lawu.proxy.testing.Simulation;
import dev.lawu.proxy.upstream.NameOptions;
import dev.lawu.proxy.upstream.NameResolver;
import dev.lawu.proxy.upstream.ResolvedAddresses;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How long answers are kept, under a virtual clock. */
class NameCacheTest {
    private final Simulation simulation = Simulation.create();
    private final EventLoopGroup loops = simulation.newTransport().eventLoops(2);
    /** What was asked and not answered yet, in order. */
    private final List<CompletableFuture<ResolvedAddresses>> asked = new ArrayList<>();

    private int count;

    private final NameResolver source = host -> {
        count++;
        CompletableFuture<ResolvedAddresses> answer = new CompletableFuture<>();
        asked.add(answer);
        return answer;
    };

    private NameResolver names = names(NameOptions.DEFAULTS, false);

    private NameResolver names(NameOptions options, boolean ordered) {
        return new NameCache(options, simulation.timeSource(), ordered)
                .on((EventLoop) loops.iterator().next(), source);
    }

    @AfterEach
    void close() {
        loops.shutdownGracefully(0, 5, TimeUnit.SECONDS);
        simulation.close();
    }

    private static InetAddress address(int last) {
        try {
            return InetAddress.getByAddress(new byte[] {10, 0, 0, (byte) last});
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    private static ResolvedAddresses answer(int seconds, int... last) {
        List<InetAddress> all = new ArrayList<>();
        for (int value : last) {
            all.add(address(value));
        }
        return ResolvedAddresses.of(all).withTimeToLive(Duration.ofSeconds(seconds));
    }

    private void tell(int seconds, int... last) {
        asked.remove(0).complete(answer(seconds, last));
    }

    private void advance(double seconds) {
        simulation.advance(Duration.ofMillis((long) (seconds * 1000)));
    }

    /** The last byte of each address; the answer must be there. */
    private static List<Integer> now(CompletionStage<ResolvedAddresses> stage) {
        CompletableFuture<ResolvedAddresses> future = stage.toCompletableFuture();
        assertThat(future).isDone();
        return future.join().addresses().stream()
                .map(address -> address.getAddress()[3] & 0xFF)
                .toList();
    }

    private CompletionStage<ResolvedAddresses> ask() {
        return names.resolve("app.test");
    }

    @Test
    void anAnswerIsKeptForItsTime() {
        CompletionStage<ResolvedAddresses> first = ask();
        assertThat(first.toCompletableFuture()).isNotDone();
        tell(100, 1);
        assertThat(now(first)).containsExactly(1);
        advance(79);
        assertThat(now(ask())).containsExactly(1);
        assertThat(now(names.resolve("APP.test"))).containsExactly(1);
        assertThat(count).isEqualTo(1);
    }

    @Test
    void anAnswerThatIsUsedNearItsEndIsRefreshedInTheBackground() {
        ask();
        tell(100, 1);
        advance(81);
        assertThat(now(ask())).containsExactly(1);
        assertThat(now(ask())).containsExactly(1);
        assertThat(count).isEqualTo(2);
        tell(100, 2);
        assertThat(now(ask())).containsExactly(2);
        advance(79);
        assertThat(now(ask())).containsExactly(2);
        assertThat(count).isEqualTo(2);
    }

    @Test
    void timesToLiveAreBounded() {
        ask();
        tell(1_000_000, 1);
        advance(299);
        assertThat(now(ask())).containsExactly(1);
        advance(1.5);
        tell(100, 2); // the refresh
        names.resolve("short.test");
        asked.remove(0).complete(answer(0, 3).withTimeToLive(Duration.ofNanos(1)));
        advance(0.7);
        assertThat(now(names.resolve("short.test"))).containsExactly(3);
        advance(0.4);
        assertThat(count).isEqualTo(3);
        assertThat(names.resolve("short.test").toCompletableFuture()).isNotDone();
        assertThat(count).isEqualTo(4);
    }

    @Test
    void concurrentLookupsAreOne() {
        CompletionStage<ResolvedAddresses> one = ask();
        CompletionStage<ResolvedAddresses> two = ask();
        names.resolve("other.test");
        assertThat(count).isEqualTo(2);
        tell(100, 1);
        assertThat(now(one)).containsExactly(1);
        assertThat(now(two)).containsExactly(1);
    }

    @Test
    void aNameThatDoesNotExistIsRememberedForAWhile() {
        ask();
        asked.remove(0).completeExceptionally(new UnknownHostException("app.test"));
        advance(4.9);
        assertThatThrownBy(() -> ask().toCompletableFuture().join()).hasCauseInstanceOf(UnknownHostException.class);
        assertThat(count).isEqualTo(1);
        advance(0.2);
        ask();
        assertThat(count).isEqualTo(2);
    }

    @Test
    void silenceIsRememberedForASecond() {
        ask();
        asked.remove(0).completeExceptionally(new IOException("no answer"));
        advance(0.9);
        assertThatThrownBy(() -> ask().toCompletableFuture().join()).hasCauseInstanceOf(IOException.class);
        advance(0.2);
        assertThat(ask().toCompletableFuture()).isNotDone();
        assertThat(count).isEqualTo(2);
    }

    @Test
    void theLastGoodAnswerIsUsedWhileNobodyAnswers() {
        ask();
        tell(10, 1);
        advance(11);
        CompletionStage<ResolvedAddresses> waiting = ask();
        assertThat(waiting.toCompletableFuture()).isNotDone();
        asked.remove(0).completeExceptionally(new IOException("no answer"));
        assertThat(now(waiting)).containsExactly(1);
        assertThat(now(ask())).containsExactly(1); // and the next do not wait for another lookup
        assertThat(count).isEqualTo(2);
        advance(5.1);
        CompletionStage<ResolvedAddresses> again = ask();
        assertThat(count).isEqualTo(3);
        tell(10, 2);
        assertThat(now(again)).containsExactly(2);
    }

    @Test
    void theLastGoodAnswerIsNotWaitedForLong() {
        ask();
        tell(10, 1);
        advance(11);
        CompletionStage<ResolvedAddresses> waiting = ask();
        advance(0.9);
        assertThat(waiting.toCompletableFuture()).isNotDone();
        advance(0.2);
        assertThat(now(waiting)).containsExactly(1);
        assertThat(now(ask())).containsExactly(1);
        assertThat(count).isEqualTo(2);
        tell(10, 2);
        assertThat(now(ask())).containsExactly(2);
    }

    @Test
    void theLastGoodAnswerIsGivenUpInTheEnd() {
        ask();
        tell(10, 1);
        advance(10 + 301);
        CompletionStage<ResolvedAddresses> late = ask();
        asked.remove(0).completeExceptionally(new IOException("no answer"));
        assertThatThrownBy(() -> late.toCompletableFuture().join()).hasCauseInstanceOf(IOException.class);
    }

    @Test
    void aNameThatIsGoneIsGoneAtOnce() {
        ask();
        tell(10, 1);
        advance(11);
        CompletionStage<ResolvedAddresses> late = ask();
        asked.remove(0).completeExceptionally(new UnknownHostException("app.test"));
        assertThatThrownBy(() -> late.toCompletableFuture().join()).hasCauseInstanceOf(UnknownHostException.class);
    }

    @Test
    void aLookupThatHangsIsBegunAgain() {
        CompletionStage<ResolvedAddresses> hanging = ask();
        advance(4.9);
        ask();
        assertThat(count).isEqualTo(1);
        advance(0.2);
        CompletionStage<ResolvedAddresses> second = ask();
        assertThat(count).isEqualTo(2);
        CompletableFuture<ResolvedAddresses> first = asked.remove(0);
        tell(100, 2);
        assertThat(now(second)).containsExactly(2);
        assertThat(hanging.toCompletableFuture()).isNotDone();
        first.complete(answer(100, 1));
        assertThat(now(hanging)).containsExactly(1);
    }

    @Test
    void aLoopThatHangsIsNotWaitedForLong() {
        NameCache cache = new NameCache(NameOptions.DEFAULTS, simulation.timeSource(), false);
        NameResolver one = cache.on(loops.next(), host -> new CompletableFuture<>());
        NameResolver two = cache.on(loops.next(), source);
        CompletionStage<ResolvedAddresses> hanging = one.resolve("app.test");
        CompletionStage<ResolvedAddresses> waiting = two.resolve("app.test");
        CompletionStage<ResolvedAddresses> alsoWaiting = two.resolve("app.test");
        advance(0.9);
        assertThat(count).isZero();
        advance(0.2);
        assertThat(count).isEqualTo(1);
        tell(100, 7);
        assertThat(now(waiting)).containsExactly(7);
        assertThat(now(alsoWaiting)).containsExactly(7);
        assertThat(hanging.toCompletableFuture()).isNotDone();
        assertThat(now(one.resolve("app.test"))).containsExactly(7);
    }

    /** Neither its failure nor its answer is news when there is a later one. */
    @Test
    void aLookupThatWasGivenUpDoesNotReplaceALaterAnswer() {
        NameCache cache = new NameCache(NameOptions.DEFAULTS, simulation.timeSource(), false);
        for (boolean fails : new boolean[] {true, false}) {
            CompletableFuture<ResolvedAddresses> late = new CompletableFuture<>();
            NameResolver one = cache.on(loops.next(), host -> late);
            NameResolver two = cache.on(loops.next(), source);
            String name = fails + ".test";
            CompletionStage<ResolvedAddresses> hanging = one.resolve(name);
            CompletionStage<ResolvedAddresses> waiting = two.resolve(name);
            advance(1.1);
            tell(100, 7);
            assertThat(now(waiting)).containsExactly(7);
            if (fails) {
                late.completeExceptionally(new UnknownHostException("late"));
                assertThat(hanging.toCompletableFuture()).isCompletedExceptionally();
            } else {
                late.complete(answer(100, 6));
                assertThat(now(hanging)).containsExactly(6);
            }
            assertThat(now(two.resolve(name))).containsExactly(7);
        }
    }

    @Test
    void addressesOfDnsAreRotatedThoseOfAResolverAreNot() {
        ask();
        tell(100, 1, 2, 3);
        assertThat(List.of(now(ask()), now(ask()), now(ask())))
                .containsExactly(List.of(2, 3, 1), List.of(3, 1, 2), List.of(1, 2, 3));
        names = names(NameOptions.DEFAULTS, true);
        ask();
        tell(100, 1, 2, 3);
        assertThat(now(ask())).containsExactly(1, 2, 3);
        assertThat(now(ask())).containsExactly(1, 2, 3);
    }

    @Test
    void aResolverWithoutTimesToLiveIsAskedEachTime() {
        names = names(NameOptions.DEFAULTS, true);
        for (int i = 1; i <= 3; i++) {
            CompletionStage<ResolvedAddresses> stage = ask();
            tell(0, i);
            assertThat(now(stage)).containsExactly(i);
        }
        ask();
        asked.remove(0).completeExceptionally(new UnknownHostException("app.test"));
        ask();
        assertThat(count).isEqualTo(5);
    }

    @Test
    void theNameUsedLongestAgoIsForgottenFirst() {
        names = names(NameOptions.builder().maxNames(2).build(), false);
        for (String name : List.of("a", "b")) {
            names.resolve(name);
            tell(100, 1);
        }
        names.resolve("a");
        names.resolve("c");
        tell(100, 1);
        names.resolve("a");
        assertThat(count).isEqualTo(3);
        names.resolve("b");
        assertThat(count).isEqualTo(4);
    }
}
