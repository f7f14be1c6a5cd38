/* tus.h - uploads in parts: the tus protocol 1.0.0 with creation, expiration, checksum
 * and termination (tus.io/protocols/resumable-upload)
 *
 *	OPTIONS .../ingestions/{ingestion}/uploads                -> 204 Tus-Version ...
 *	POST .../ingestions/{ingestion}/uploads  Upload-Length    -> 201 Location
 *	HEAD .../uploads/{upload}                                 -> 200 Upload-Offset
 *	PATCH .../uploads/{upload}  Upload-Offset, bytes          -> 204 Upload-Offset
 *	DELETE .../uploads/{upload}                               -> 204
 *
 * Threads: the loop thread; what touches the disk is a query worker's.
 * Limits: a part is a body (http.body_bytes_max); uploads.h for the rest. A part whose
 *         connection breaks is lost, and sent again.
 */
#ifndef SIFTD_API_TUS_H
#define SIFTD_API_TUS_H

#include "api/route.h"

route_handler_fn tus_options;
route_handler_fn tus_create;
route_handler_fn tus_get;
route_handler_fn tus_append;
route_handler_fn tus_delete;

#endif
