/* http_tls.h - TLS for the HTTP server: certificate and key, which can be read anew
 *
 * Threads: the loop thread; http_tls_new at start-up too.
 * Owner: http_tls_free, behind all connections.
 * Limits: TLS 1.2 and later, no renegotiation; handshakes are bounded as heads are.
 */
#ifndef SIFTD_API_HTTP_TLS_H
#define SIFTD_API_HTTP_TLS_H

#include <event2/event.h>

#include "base/compiler.h"
#include "base/error.h"

struct bufferevent;
struct http_tls;

/* PEM files: the certificate and those above it, and its key without a passphrase. An
 * error names the one that is wrong */
MUST_CHECK int http_tls_new(const char *certificate, const char *key,
			    struct http_tls **out, struct error *error);
void http_tls_free(struct http_tls **tls);
/* reads the files again: connections to come use them. On an error nothing changes */
MUST_CHECK int http_tls_reload(struct http_tls *tls, struct error *error);
/* a stream on a socket that was accepted; NULL: out of memory, the socket stays open */
struct bufferevent *http_tls_accept(struct http_tls *tls, struct event_base *base,
				    int fd);
/* tells the client that all was sent (RFC 8446 section 6.1); what it still sends can be
 * read. Does nothing on a stream without TLS */
void http_tls_end(struct bufferevent *stream);

#endif
