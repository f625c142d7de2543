package dev.lawu.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lawu.proxy.http.RequestHead;
import dev.lawu.proxy.http.ResponseHead;
import java.net.InetAddress;
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
    void aTrustedNetworkIsAnAddressWrittenOut() throws Exception {
        for (String text : new String[] {
            "",
            "10",
            "10.1",
            "10/8",
            "999.1.1.1",
            "1.2.3.4.5",
            "010.0.0.1",
            "1.2.3",
            "localhost",
            "a.b",
            "dead.beef",
            "[::1]",
            "fe80::1%1",
            "::1::",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.0/-1",
            "10.0.0.0/+8",
            "::/129",
            "::/4294967296"
        }) {
            assertThatThrownBy(() -> TrustedProxies.of(text))
                    .as(text)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("\"" + text + "\" (expected: ");
        }
        TrustedProxies trusted =
                TrustedProxies.of("10.0.0.0/8", "192.0.2.1", "::1", "2001:db8::/32", "::ffff:198.51.100.7");
        for (String inside : new String[] {"10.9.8.7", "192.0.2.1", "::1", "2001:db8:1::1", "198.51.100.7"}) {
            assertThat(trusted.contains(InetAddress.getByName(inside)))
                    .as(inside)
                    .isTrue();
        }
        for (String outside : new String[] {"11.0.0.0", "192.0.2.2", "::2", "2001:db9::", "198.51.100.8"}) {
            assertThat(trusted.contains(InetAddress.getByName(outside)))
                    .as(outside)
                    .isFalse();
        }
    }

    @Test
    void aProtocolToSwitchToCannotBringLinesIntoAHead() {
        assertThatThrownBy(() -> RequestHead.of("GET", "/").setUpgrade("websocket\r\nX: 1"))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ResponseHead.of(101).setUpgrade("websocket\r\nX: 1"))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
