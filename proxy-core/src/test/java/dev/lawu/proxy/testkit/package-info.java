/**
 * What every module's tests share: the leak check and the house rules. In this module's test jar, for the project's own
 * modules alone: users have {@code dev.lawu.proxy.testing}.
 */
package dev.lawu.proxy.testkit;
