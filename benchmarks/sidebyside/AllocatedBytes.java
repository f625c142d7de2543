import com.sun.management.ThreadMXBean;
import com.sun.tools.attach.VirtualMachine;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.util.StringJoiner;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;

/**
 * Prints how many bytes each thread of a running JVM has allocated so far, once for each line on standard input.
 *
 * <p>Run from source: {@code java AllocatedBytes.java PID}. Each answer is one line, tab-separated: how many threads have
 * been started so far, then {@code id=name=bytes} for each that lives.
 */
final class AllocatedBytes {

  public static void main(String[] args) throws Exception {
    VirtualMachine vm = VirtualMachine.attach(args[0]);
    String address = vm.startLocalManagementAgent();
    vm.detach();
    try (var connector = JMXConnectorFactory.connect(new JMXServiceURL(address))) {
      ThreadMXBean threads =
          ManagementFactory.newPlatformMXBeanProxy(
              connector.getMBeanServerConnection(), ManagementFactory.THREAD_MXBEAN_NAME, ThreadMXBean.class);
      while (System.in.read() == '\n') {
        StringJoiner line = new StringJoiner("\t");
        line.add(Long.toString(threads.getTotalStartedThreadCount()));
        long[] ids = threads.getAllThreadIds();
        long[] bytes = threads.getThreadAllocatedBytes(ids);
        ThreadInfo[] infos = threads.getThreadInfo(ids);
        for (int i = 0; i < ids.length; i++) {
          if (infos[i] != null && bytes[i] >= 0) {
            line.add(ids[i] + "=" + infos[i].getThreadName().replaceAll("[=\\s]+", " ") + "=" + bytes[i]);
          }
        }
        System.out.println(line);
      }
    }
  }
}
