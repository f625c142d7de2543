package dev.lawu.proxy;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lawu.proxy.http.RequestHead;
import dev.lawu.proxy.http.ResponseHead;
import org.junit.jupiter.api.Test;

/** What the API must refuse at the call, before it does harm elsewhere. */
class ArgumentsTest {
    @Test
    void aStatusThatIsNoErrorIsNoErrorsStatus() {
        ProxyException error = ProxyException.rejected(403, "no");
        assertThatThrownBy(() -> error.withStatus(99)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> error.withStatus(200)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aProtocolToSwitchToCannotBringLinesIntoAHead() {
        assertThatThrownBy(() -> RequestHead.of("GET", "/").setUpgrade("websocket\r\nX: 1"))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ResponseHead.of(101).setUpgrade("websocket\r\nX: 1"))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
