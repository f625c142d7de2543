package dev.lawu.proxy.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FieldSectionTest {
    /** Sums to the same hash as Content-Length: {@code r * 31 + k == t * 31 + '-'}. */
    private static final String COLLIDING = "Contenrklength";

    @Test
    void removingANameLeavesAnotherOfTheSameHashToBeFound() {
        FieldSection s = new FieldSection(64, 4);
        s.append("Content-Length", "1");
        s.append(COLLIDING, "2");
        assertThat(FieldSection.hash(COLLIDING)).isEqualTo(FieldName.CONTENT_LENGTH.hash());
        assertThat(s.removeAll(FieldName.CONTENT_LENGTH)).isTrue();
        assertThat(s.find(FieldName.CONTENT_LENGTH, 0)).isEqualTo(-1);
        assertThat(s.find(COLLIDING, 0)).isEqualTo(1);
        assertThat(s.removeAll(FieldName.CONTENT_LENGTH)).isFalse();
        assertThat(s.find(COLLIDING, 0)).isEqualTo(1);
    }

    @Test
    void aNameThatWasRemovedAndAddedAgainIsFound() {
        FieldSection s = new FieldSection(64, 4);
        s.append(FieldName.TE, "trailers");
        s.append("X-Other", "1");
        s.removeAll(FieldName.TE);
        assertThat(s.mayHave(FieldName.setOf(FieldName.TE, FieldName.UPGRADE))).isFalse();
        s.append(FieldName.TE, "trailers");
        assertThat(s.mayHave(FieldName.setOf(FieldName.TE, FieldName.UPGRADE))).isTrue();
        assertThat(s.find("te", 0)).isEqualTo(2);
        assertThat(s.toString()).isEqualTo("X-Other: 1\r\nTE: trailers\r\n");
    }
}
