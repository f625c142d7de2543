package dev.lawu.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProxyExceptionTest {
    private static ProxyException of(ErrorSource source, ErrorType type) {
        return switch (source) {
            case DOWNSTREAM -> ProxyException.downstream(type, "m");
            case UPSTREAM -> ProxyException.upstream(type, "m", null);
            case INTERNAL -> ProxyException.internal(type, "m", null);
        };
    }

    @ParameterizedTest
    @CsvSource({
        "DOWNSTREAM, PROTOCOL, 400",
        "DOWNSTREAM, BODY_TIMEOUT, 408",
        "DOWNSTREAM, REQUEST_TIMEOUT, 408",
        "DOWNSTREAM, BODY_TOO_LARGE, 413",
        "UPSTREAM, RESOLVE, 502",
        "UPSTREAM, CONNECT, 502",
        "UPSTREAM, CONNECTION_CLOSED, 502",
        "UPSTREAM, PROTOCOL, 502",
        "UPSTREAM, CONNECT_TIMEOUT, 504",
        "UPSTREAM, RESPONSE_HEAD_TIMEOUT, 504",
        "UPSTREAM, BODY_TIMEOUT, 504",
        "UPSTREAM, WRITE_TIMEOUT, 504",
        "UPSTREAM, ATTEMPT_TIMEOUT, 504",
        "UPSTREAM, REQUEST_TIMEOUT, 504",
        "UPSTREAM, POOL_TIMEOUT, 503",
        "UPSTREAM, OVERLOAD, 503",
        "INTERNAL, INTERNAL, 500",
        "INTERNAL, OVERLOAD, 503",
        "INTERNAL, SHUTDOWN, 503",
        "INTERNAL, CALLBACK_TIMEOUT, 504",
        "INTERNAL, REQUEST_TIMEOUT, 504"
    })
    void eachErrorHasItsStatus(ErrorSource source, ErrorType type, int status) {
        assertThat(of(source, type).defaultStatus()).isEqualTo(status);
        assertThat(of(source, type).withStatus(418).retryable().defaultStatus()).isEqualTo(418);
    }

    @Test
    void nothingIsKnownAboutAnotherAttemptUnlessItIsSaid() {
        ProxyException error = ProxyException.upstream(ErrorType.CONNECTION_CLOSED, "m", null);
        assertThat(error.retryability()).isEqualTo(Retryability.NEVER);
        ProxyException probably = error.withRetryability(Retryability.IF_IDEMPOTENT);
        assertThat(probably.retryability()).isEqualTo(Retryability.IF_IDEMPOTENT);
        assertThat(probably.isRetryable()).isFalse();
        assertThat(probably.retryable().isRetryable()).isTrue();
        assertThat(probably.withStatus(503).retryability()).isEqualTo(Retryability.IF_IDEMPOTENT);
        assertThatThrownBy(() -> error.withStatus(399)).hasMessage("status: 399 (expected: 400..599)");
    }
}
