package dev.lawu.examples.gateway.route;

/** Finds what every text that a regular expression matches begins with, so that it is tried for those paths only. Stateless. */
final class RegexLiteral {
    private static final String SPECIAL = "\\.[](){}*+?|^$";
    private static final String MAKES_OPTIONAL = "*?{";

    private RegexLiteral() {}

    /** The literal beginning up to its last slash; {@code /} if there is none. */
    static String directory(String regex) {
        String literal = beginning(regex);
        int slash = literal.lastIndexOf('/');
        return literal.startsWith("/") ? literal.substring(0, slash + 1) : "/";
    }

    private static String beginning(String regex) {
        // An alternative may begin with something else; those inside of groups are behind the literal anyway.
        if (hasAlternatives(regex)) {
            return "";
        }
        StringBuilder literal = new StringBuilder();
        int at = regex.startsWith("^") ? 1 : 0;
        while (at < regex.length()) {
            char c = regex.charAt(at);
            int next = at + 1;
            if (c == '\\' && next < regex.length() && isPunctuation(regex.charAt(next))) {
                c = regex.charAt(next++);
            } else if (SPECIAL.indexOf(c) >= 0) {
                break;
            }
            if (next < regex.length() && MAKES_OPTIONAL.indexOf(regex.charAt(next)) >= 0) {
                break;
            }
            literal.append(c);
            at = next;
        }
        return literal.toString();
    }

    private static boolean isPunctuation(char c) {
        return c > ' ' && c < 0x7F && !Character.isLetterOrDigit(c);
    }

    /** True if there may be a {@code |} outside of groups. Where that is hard to see, yes, which costs speed only. */
    private static boolean hasAlternatives(String regex) {
        if (regex.indexOf('|') < 0) {
            return false;
        }
        if (regex.indexOf('[') >= 0 || regex.contains("\\Q")) {
            return true;
        }
        int depth = 0;
        for (int at = 0; at < regex.length(); at++) {
            switch (regex.charAt(at)) {
                case '\\' -> at++;
                case '(' -> depth++;
                case ')' -> depth--;
                case '|' -> {
                    if (depth == 0) {
                        return true;
                    }
                }
                default -> {}
            }
        }
        return false;
    }
}
