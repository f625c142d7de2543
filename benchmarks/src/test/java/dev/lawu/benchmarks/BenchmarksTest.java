package dev.lawu.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collection;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Keeps the benchmarks from rotting. It measures nothing. */
class BenchmarksTest {
    @Test
    void eachRunsOnceWithEachOfItsParameters() throws Exception {
        // Others may be measuring on this machine: JMH would refuse to run beside them.
        System.setProperty("jmh.ignoreLock", "true");
        Options once = new OptionsBuilder()
                .forks(0)
                .mode(Mode.SingleShotTime)
                .warmupIterations(0)
                .measurementIterations(1)
                .timeout(TimeValue.seconds(30))
                .shouldFailOnError(true)
                .verbosity(VerboseMode.SILENT)
                .build();

        Collection<RunResult> results = new Runner(once).run();

        assertThat(results)
                .extracting(result -> result.getParams().getBenchmark().replaceFirst(".*\\.(\\w+)\\.\\w+$", "$1"))
                .contains(
                        "AllocatorBenchmark",
                        "ExchangeBenchmark",
                        "HeadEditingBenchmark",
                        "HeadEncodingBenchmark",
                        "HeadParsingBenchmark",
                        "HygieneBenchmark",
                        "RouteTableBenchmark");
    }

    @Test
    void theBrowsersHeadIsAsDescribed() {
        assertThat(SampleHeads.BROWSER_REQUEST).hasSizeBetween(850, 950);
        assertThat(SampleHeads.request(SampleHeads.BROWSER_REQUEST).headers().size())
                .isEqualTo(15);
    }
}
