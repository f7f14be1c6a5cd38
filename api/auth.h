/* auth.h - people: register, log in and out, who am I, change the password
 *
 * Threads: the loop thread only.
 */
#ifndef SIFTD_API_AUTH_H
#define SIFTD_API_AUTH_H

#include "api/route.h"

route_handler_fn auth_register;
route_handler_fn auth_login;
route_handler_fn auth_logout;
route_handler_fn auth_me;
route_handler_fn auth_password;

#endif
