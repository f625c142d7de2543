/**
 * What every module's tests share: the leak check and the house rules. Built as this module's test jar, never published
 * as something to use.
 */
package dev.lawu.proxy.testkit;
