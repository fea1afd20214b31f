/* Another day for one process and what it starts: preloaded by scripts/scenario.
 *
 * SCENARIO_CLOCK_AHEAD=N   the wall clock is N seconds ahead (or behind, below zero)
 *
 * Only the wall clock: what is measured and waited for goes by the other clocks, and stays real.
 *
 * WHY NOT libfaketime: it moves timers of the other clocks too (timerfd_settime, as of 0.9.10), so that
 * nothing which waits in Swift ever ends; and it sets a variable before the program begins, by which
 * Swift's runtime loses the program's arguments.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long ahead;

__attribute__((constructor)) static void begin(void) {
    const char *text = getenv("SCENARIO_CLOCK_AHEAD");
    ahead = text ? atol(text) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    int result = (int)syscall(SYS_clock_gettime, clock, now);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += ahead;
    return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    (void)zone;
    struct timespec found;
    if (clock_gettime(CLOCK_REALTIME, &found) != 0) return -1;
    now->tv_sec = found.tv_sec;
    now->tv_usec = found.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *kept) {
    struct timespec found;
    if (clock_gettime(CLOCK_REALTIME, &found) != 0) return (time_t)-1;
    if (kept) *kept = found.tv_sec;
    return found.tv_sec;
}

int timespec_get(struct timespec *now, int base) {
    return base == TIME_UTC && clock_gettime(CLOCK_REALTIME, now) == 0 ? base : 0;
}
