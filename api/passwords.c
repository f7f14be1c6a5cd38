/* passwords.c - one thread between two mailboxes */
#include "api/passwords.h"

#include <pthread.h>
#include <sodium.h>

#include "base/mailbox.h"
#include "base/mem.h"

#define PASSWORD_RANDOM_BYTES 15

struct password_job {
	/* read and written by the loop only */
	password_done_fn *done;
	void *context;
	/* by whoever holds the job */
	char *password;
	size_t password_len;
	bool verify;
	bool ok;
	char hash[crypto_pwhash_STRBYTES];
};

struct passwords {
	pthread_t thread;
	struct mailbox *waiting;
	struct mailbox *finished;
	struct event *readable;
};

static void job_free(void *item)
{
	struct password_job *job = item;

	sodium_memzero(job->password, job->password_len);
	mem_free(job->password);
	mem_free(job);
}

static int hash_password(struct password_job *job)
{
	return crypto_pwhash_str(job->hash, job->password, job->password_len,
				 crypto_pwhash_OPSLIMIT_INTERACTIVE,
				 crypto_pwhash_MEMLIMIT_INTERACTIVE);
}

static void work(struct password_job *job)
{
	if (!job->verify) {
		job->ok = hash_password(job) == 0;
	} else if (job->hash[0] == '\0') {
		(void)hash_password(job); /* for the time it takes */
		job->ok = false;
	} else {
		job->ok = crypto_pwhash_str_verify(job->hash, job->password,
						   job->password_len) == 0;
	}
}

static void *run(void *context)
{
	struct passwords *passwords = context;
	struct password_job *job = NULL;

	while ((job = mailbox_wait(passwords->waiting, -1)) != NULL) {
		work(job);
		if (!mailbox_put(passwords->finished, job, 1))
			job_free(job);
	}
	return NULL;
}

static void on_finished(evutil_socket_t fd, short what, void *context)
{
	struct passwords *passwords = context;
	struct password_job *job = NULL;

	(void)fd;   /* the mailbox's, which drains it */
	(void)what; /* readable is all it waits for */
	while ((job = mailbox_take(passwords->finished)) != NULL) {
		if (job->done != NULL)
			job->done(job->context, job->ok, job->ok ? job->hash : NULL);
		job_free(job);
	}
}

static int start(struct passwords *passwords, struct event_base *base,
		 struct error *error)
{
	passwords->readable = event_new(base, mailbox_fd(passwords->finished),
					EV_READ | EV_PERSIST, on_finished, passwords);
	if (passwords->readable == NULL || event_add(passwords->readable, NULL) != 0)
		return error_set(error, "passwords: cannot watch the finished jobs");
	if (pthread_create(&passwords->thread, NULL, run, passwords) != 0)
		return error_set(error, "passwords: cannot start a thread");
	return 0;
}

static void free_parts(struct passwords *passwords)
{
	if (passwords->readable != NULL)
		event_free(passwords->readable);
	mailbox_free(&passwords->waiting, job_free);
	mailbox_free(&passwords->finished, job_free);
	mem_free(passwords);
}

int passwords_new(struct event_base *base, struct passwords **out, struct error *error)
{
	struct passwords *passwords = mem_calloc(1, sizeof(*passwords));

	passwords->waiting = mailbox_new(PASSWORDS_WAITING_MAX);
	/* never the narrower one: it holds what was waiting, and one at work */
	passwords->finished = mailbox_new((size_t)PASSWORDS_WAITING_MAX * 2);
	if (start(passwords, base, error) != 0) {
		free_parts(passwords);
		return -1;
	}
	*out = passwords;
	return 0;
}

void passwords_free(struct passwords **passwords_ptr)
{
	struct passwords *passwords = *passwords_ptr;
	void *job = NULL;

	if (passwords == NULL)
		return;
	while ((job = mailbox_take(passwords->waiting)) != NULL)
		job_free(job);
	mailbox_close(passwords->waiting);
	mailbox_close(passwords->finished);
	pthread_join(passwords->thread, NULL);
	free_parts(passwords);
	*passwords_ptr = NULL;
}

static struct password_job *submit(struct passwords *passwords,
				   struct password_job *job, struct slice password)
{
	job->password = mem_slice_dup(password);
	job->password_len = password.len;
	if (mailbox_try_put(passwords->waiting, job, 1))
		return job;
	job_free(job);
	return NULL;
}

struct password_job *passwords_hash(struct passwords *passwords, struct slice password,
				    password_done_fn *done, void *context)
{
	struct password_job *job = mem_calloc(1, sizeof(*job));

	job->done = done;
	job->context = context;
	return submit(passwords, job, password);
}

struct password_job *passwords_verify(struct passwords *passwords, struct slice hash,
				      struct slice password, password_done_fn *done,
				      void *context)
{
	struct password_job *job = mem_calloc(1, sizeof(*job));

	job->done = done;
	job->context = context;
	job->verify = true;
	/* one that is too long is none of ours: as if there were none */
	if (hash.len > 0 && hash.len < sizeof(job->hash))
		memcpy(job->hash, hash.ptr, hash.len);
	return submit(passwords, job, password);
}

void password_job_cancel(struct password_job *job)
{
	job->done = NULL;
}

int password_hash(struct slice password, char out[PASSWORD_HASH_SIZE])
{
	_Static_assert(PASSWORD_HASH_SIZE == crypto_pwhash_STRBYTES,
		       "libsodium's size");
	return crypto_pwhash_str(out, password.ptr, password.len,
				 crypto_pwhash_OPSLIMIT_INTERACTIVE,
				 crypto_pwhash_MEMLIMIT_INTERACTIVE);
}

void password_make(char out[PASSWORD_TEXT_SIZE])
{
	unsigned char random[PASSWORD_RANDOM_BYTES];

	randombytes_buf(random, sizeof(random));
	sodium_bin2base64(out, PASSWORD_TEXT_SIZE, random, sizeof(random),
			  sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	sodium_memzero(random, sizeof(random));
}
