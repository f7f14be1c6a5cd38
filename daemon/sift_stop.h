/* sift_stop.h - SIGINT and SIGTERM as the end of the input
 *
 * Threads: the main thread; signals belong to the process, so there is one state.
 *
 * After sift_stop_catch the two signals are held back but while sift_stop_poll waits,
 * so that none gets lost between a look and a wait. The first one ends the input; from
 * then on they do what they do by default, so a second Ctrl-C ends the process.
 */
#ifndef SIFTD_DAEMON_SIFT_STOP_H
#define SIFTD_DAEMON_SIFT_STOP_H

enum sift_ready { SIFT_READY, SIFT_WAITING, SIFT_STOPPED };

/* signals that were ignored when the process began stay so */
void sift_stop_catch(void);
/* waits until the descriptor can be read, at most so long; -1: for ever. Without
 * sift_stop_catch the signals keep their meaning */
enum sift_ready sift_stop_poll(int fd, int timeout_ms);

#endif
