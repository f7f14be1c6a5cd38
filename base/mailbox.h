/* mailbox.h - bounded queue that hands ownership of pointers from threads to one thread
 *
 * Threads: put from any thread; take and the descriptor belong to one receiver.
 * Owner: what was put belongs to the mailbox until it is taken; free hands leftovers to
 *        the given function.
 * Limits: holds at most `weight_max` of summed weights (bytes, or 1 each); a single
 *         item is always let in when the mailbox is empty, however heavy.
 *
 * A receiver with an event loop waits for mailbox_fd to become readable; a plain thread
 * calls mailbox_wait. A sender that must not block (the loop) uses mailbox_try_put.
 */
#ifndef SIFTD_BASE_MAILBOX_H
#define SIFTD_BASE_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

struct mailbox;

typedef void mailbox_free_fn(void *item);

struct mailbox *mailbox_new(size_t weight_max);
/* leftovers go to free_item (may be NULL) */
void mailbox_free(struct mailbox **mailbox, mailbox_free_fn *free_item);
/* waits for room; false, and the item stays the caller's, once closed */
MUST_CHECK bool mailbox_put(struct mailbox *mailbox, void *item, size_t weight);
/* false, and the item stays the caller's, when full or closed */
MUST_CHECK bool mailbox_try_put(struct mailbox *mailbox, void *item, size_t weight);
/* the oldest item, or NULL when empty */
void *mailbox_take(struct mailbox *mailbox);
/* waits at most timeout_ms (-1: for ever); NULL on time-out, or when closed and empty
 */
void *mailbox_wait(struct mailbox *mailbox, int timeout_ms);
/* no more puts; waiting senders and receivers wake; takes go on until empty */
void mailbox_close(struct mailbox *mailbox);
bool mailbox_closed(struct mailbox *mailbox);
/* readable while items are there (level-triggered); owned by the mailbox */
int mailbox_fd(const struct mailbox *mailbox);
/* summed weights now, for back-pressure and metrics */
size_t mailbox_weight(struct mailbox *mailbox);

#endif
