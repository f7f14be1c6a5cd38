/* passwords.h - argon2id on a thread of its own, since one hash takes 50 ms and 64 MiB
 *
 * Threads: all functions on the loop thread; `done` is called there too.
 * Owner: a job ends itself after its callback. passwords_free drops what is waiting,
 *        without callbacks.
 * Limits: PASSWORDS_WAITING_MAX jobs; beyond, NULL is returned. Passwords of at most
 *         PASSWORD_BYTES_MAX bytes (the caller's check). Copies are wiped.
 */
#ifndef SIFTD_API_PASSWORDS_H
#define SIFTD_API_PASSWORDS_H

#include <event2/event.h>
#include <stdbool.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"

#define PASSWORDS_WAITING_MAX 64
#define PASSWORD_BYTES_MIN 8
#define PASSWORD_BYTES_MAX 1024

#define PASSWORD_TEXT_SIZE 24 /* of one that was made: 20 letters and NUL fit */
#define PASSWORD_HASH_SIZE 128

struct passwords;
struct password_job;

/* is called once: hash is the new hash (of passwords_hash; NULL when memory was
 * short), ok what passwords_verify found */
typedef void password_done_fn(void *context, bool ok, const char *hash);

MUST_CHECK int passwords_new(struct event_base *base, struct passwords **out,
			     struct error *error);
void passwords_free(struct passwords **passwords);
struct password_job *passwords_hash(struct passwords *passwords, struct slice password,
				    password_done_fn *done, void *context);
/* an empty hash is never right, but takes as long as any other: whether an account
 * exists cannot be told from the time */
struct password_job *passwords_verify(struct passwords *passwords, struct slice hash,
				      struct slice password, password_done_fn *done,
				      void *context);
/* at once, for a process that has no loop; sodium_init was called. -1: no memory */
MUST_CHECK int password_hash(struct slice password, char out[PASSWORD_HASH_SIZE]);
/* a random one, 120 bits */
void password_make(char out[PASSWORD_TEXT_SIZE]);
/* the callback will not be called */
void password_job_cancel(struct password_job *job);

#endif
