/* syslog_tls.h - the server's side of TLS on a socket that does not block (RFC 5425)
 *
 * Threads: the loop thread; syslog_tls_new at start-up too. Owner: the listener owns
 *          the context, a connection its session, which ends first.
 * Limits: TLS 1.2 and later; no renegotiation, no resumption.
 */
#ifndef SIFTD_SOURCES_SYSLOG_TLS_H
#define SIFTD_SOURCES_SYSLOG_TLS_H

#include <stddef.h>

#include "base/error.h"

struct syslog_tls;
struct syslog_tls_session;

struct syslog_tls_config {
	const char *
		cert_file; /* PEM: the certificate, then those above it; NULL: no TLS */
	const char *key_file; /* PEM, without a passphrase */
	/* PEM; then clients must show a certificate signed by one of these; or NULL */
	const char *client_ca_file;
};

enum syslog_tls_status {
	SYSLOG_TLS_OK,
	SYSLOG_TLS_WANT_READ,  /* call again when the socket is readable */
	SYSLOG_TLS_WANT_WRITE, /* call again when it is writable */
	SYSLOG_TLS_ENDED
};

/* reads the files; an error names the one that is wrong */
MUST_CHECK int syslog_tls_new(const struct syslog_tls_config *config,
			      struct syslog_tls **out, struct error *error);
/* reads the files again, for sessions that are made from now on; on an error the old
 * ones stay */
MUST_CHECK int syslog_tls_reload(struct syslog_tls *tls, struct error *error);
void syslog_tls_free(struct syslog_tls **tls);
/* the socket stays the caller's, which closes it after the session */
struct syslog_tls_session *syslog_tls_session_new(struct syslog_tls *tls, int fd);
/* on SYSLOG_TLS_ENDED error says why */
enum syslog_tls_status syslog_tls_handshake(struct syslog_tls_session *session,
					    struct error *error);
/* after the handshake; *len: read. Not SYSLOG_TLS_OK: none was */
enum syslog_tls_status syslog_tls_read(struct syslog_tls_session *session, char *buffer,
				       size_t size, size_t *len);
/* tells the other side, if it was ever there */
void syslog_tls_session_free(struct syslog_tls_session **session);

#endif
