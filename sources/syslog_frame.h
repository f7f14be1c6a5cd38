/* syslog_frame.h - cuts a TCP syslog stream into frames (RFC 6587)
 *
 * Threads: one owner at a time. Pure: no I/O, no clock.
 * Owner: a frame borrows from the bytes last fed or from the framer, until the next
 *feed or finish. syslog_framer_deinit frees. Limits: a frame is cut at frame_bytes_max;
 *its other bytes are dropped and counted.
 *
 * Both framings of RFC 6587 are told apart for each frame: "LEN SP <" begins octet
 * counting; anything else is non-transparent framing and runs to LF or NUL. (A line
 *that begins with a number is no count unless "<" follows, as each syslog message
 *must.) One LF, CR or CR LF at a frame's end is not part of it; empty frames are passed
 *over.
 *
 *	syslog_framer_feed(&framer, bytes);
 *	while (syslog_framer_next(&framer, &frame))
 *		...
 */
#ifndef SIFTD_SOURCES_SYSLOG_FRAME_H
#define SIFTD_SOURCES_SYSLOG_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

enum syslog_framing {
	SYSLOG_FRAMING_UNKNOWN, /* between frames, or inside what may be a count */
	SYSLOG_FRAMING_COUNTED,
	SYSLOG_FRAMING_DELIMITED
};

struct syslog_framer {
	size_t frame_bytes_max;
	enum syslog_framing framing;
	struct slice input; /* fed, not yet looked at */
	struct buf open;    /* of a frame that began in an earlier feed */
	struct buf given;   /* the frame given out of open */
	size_t left;        /* of a counted frame */
	size_t dropped;     /* of this frame, beyond the bound */
	/* counters; the caller may clear them */
	uint64_t truncated_frames;
	uint64_t dropped_bytes;
};

void syslog_framer_deinit(struct syslog_framer *framer);
/* the bytes must stay until next returned false */
void syslog_framer_feed(struct syslog_framer *framer, struct slice bytes);
/* false: more bytes are needed */
bool syslog_framer_next(struct syslog_framer *framer, struct slice *frame);
/* the stream ended: what is open is a frame. false: nothing was open */
bool syslog_framer_finish(struct syslog_framer *framer, struct slice *frame);

#endif
