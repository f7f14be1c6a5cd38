/* crash_point.h - named places at which a test build kills itself
 *
 * Each durable step has one before it and one after it; tests/chaos names them in
 * SIFTD_CRASH_POINT and then counts what was stored. A build without the CMake option
 * SIFTD_CRASH_POINTS has crash_point_none.c instead, which does nothing.
 *
 * Threads: any.
 */
#ifndef SIFTD_BASE_CRASH_POINT_H
#define SIFTD_BASE_CRASH_POINT_H

/* SIFTD_CRASH_POINT=NAME or NAME:N in the environment: the Nth pass through NAME says
 * so on stderr (`siftd: crash point NAME`) and sends SIGKILL to the process */
void crash_point(const char *name);

#endif
