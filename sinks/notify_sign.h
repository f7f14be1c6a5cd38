/* notify_sign.h - the signature of a webhook
 *
 * Threads: any; pure.
 *
 * HMAC-SHA256 (RFC 2104) with the channel's secret over "TIME.BODY", so that neither
 *can be changed, nor an old message be sent again as a new one:
 *
 *	X-Siftd-Signature: t=1764000000,v1=5257a869...
 */
#ifndef SIFTD_SINKS_NOTIFY_SIGN_H
#define SIFTD_SINKS_NOTIFY_SIGN_H

#include <stdint.h>

#include "base/slice.h"

#define NOTIFY_SIGNATURE_SIZE 128

/* "X-Siftd-Signature: ..." */
void notify_sign(struct slice secret, int64_t time_s, struct slice body,
		 char out[NOTIFY_SIGNATURE_SIZE]);

#endif
