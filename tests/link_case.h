/*
 * link_case.h - links between a run and its helpers, over sockets.
 */
#ifndef LINK_CASE_H
#define LINK_CASE_H

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>

#include "ipl_places.h"
#include "plane_case.h"

/* One end. What is sent or received may be damaged on its way. */
typedef struct {
    int fd;
    int sent, received;           /* messages so far; atomic                      */
    int gone;                     /* 1: the other side is; atomic                 */
    int hit_sent, hit_signal;     /* with the message, from 1, that is sent here   */
    pid_t hit;                    /* this process gets the signal                 */
    int harm_sent, harm_received; /* the message, from 1, of which a bit changes  */
    uint64_t length;              /* of what is being received                    */
    size_t   head, got;           /* bytes of its length and of itself so far     */
    char    *text;
} link_end;

static inline int link_write(int fd, const void *bytes, size_t size)
{
    const char *at = bytes;
    while (size) {
        const ssize_t some = send(fd, at, size, MSG_NOSIGNAL);
        if (some < 0 && errno == EINTR) continue;
        if (some <= 0) return 0;
        at += some, size -= (size_t)some;
    }
    return 1;
}

static inline ipl_status link_gone(link_end *end)
{
    __atomic_store_n(&end->gone, 1, __ATOMIC_RELAXED);
    return IPL_FAIL(IPL_E_IO, "the other side is gone");
}

static inline ipl_status link_send(void *user, const void *bytes, size_t size)
{
    link_end *end = user;
    const uint64_t length = size;
    char *text = malloc(size);
    memcpy(text, bytes, size);
    if (end->sent + 1 == end->harm_sent) text[size / 2] ^= 16;
    if (end->sent + 1 == end->hit_sent) kill(end->hit, end->hit_signal);
    const int whole = link_write(end->fd, &length, sizeof length) &&
                      link_write(end->fd, text, size);
    __atomic_add_fetch(&end->sent, 1, __ATOMIC_RELAXED);
    free(text);
    return whole ? IPL_OK : link_gone(end);
}

/* What has come of `size` bytes at text, from *got on, without waiting; 0: gone. */
static inline int link_read(int fd, void *text, size_t size, size_t *got)
{
    while (*got < size) {
        const ssize_t some = recv(fd, (char *)text + *got, size - *got, MSG_DONTWAIT);
        if (some < 0 && errno == EINTR) continue;
        if (some < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return 1;
        if (some <= 0) return 0;
        *got += (size_t)some;
    }
    return 1;
}

/* A message whose sender was stopped in the middle of it does not come. */
static inline ipl_status link_receive(void *user, int wait_ms, void **bytes,
                                      size_t *size)
{
    link_end *end = user;
    struct pollfd ready = {.fd = end->fd, .events = POLLIN};
    *bytes = NULL;
    if (poll(&ready, 1, wait_ms) <= 0) return IPL_OK;
    int there = link_read(end->fd, &end->length, sizeof end->length, &end->head);
    if (there && end->head == sizeof end->length) {
        if (!end->text) end->text = malloc(end->length);
        there = link_read(end->fd, end->text, end->length, &end->got);
    }
    if (!there) return link_gone(end);
    if (!end->text || end->got < end->length) return IPL_OK;
    const int received = __atomic_add_fetch(&end->received, 1, __ATOMIC_RELAXED);
    if (received == end->harm_received) end->text[end->length / 2] ^= 16;
    *bytes = end->text;
    *size = end->length;
    end->text = NULL;
    end->head = end->got = 0;
    return IPL_OK;
}

static inline ipl_link link_of(link_end *end)
{
    return (ipl_link){link_send, link_receive, end};
}

/* A progress call that lets the first worker wait, 20 s at most, until so much has gone
 * over a link: on a busy machine it may else have done all before a helper is ready. */
typedef struct {
    const link_end *end;
    int  sent, received, gone;
    int  calls;
    char lost[256]; /* what it was told                                           */
} link_patience;

static inline int link_wait(void *user, const ipl_progress *now)
{
    link_patience *p = user;
    if (now->lost) snprintf(p->lost, sizeof p->lost, "%s", now->lost);
    if (!p->calls++) return 0; /* nobody has begun */
    for (int ms = 0; p->calls == 2 && ms < 20000; ++ms) {
        if (__atomic_load_n(&p->end->sent, __ATOMIC_RELAXED) >= p->sent &&
            __atomic_load_n(&p->end->gone, __ATOMIC_RELAXED) >= p->gone &&
            __atomic_load_n(&p->end->received, __ATOMIC_RELAXED) >= p->received)
            break;
        usleep(1000);
    }
    return 0;
}

/* A helper in a thread of this process, with a handle of its own. */
typedef struct {
    link_end    run, own;
    ipl_device *dev;
    pthread_t   thread;
    ipl_status  st;
    char        why[512];
} link_helper;

static inline void *link_serve(void *user)
{
    link_helper *h = user;
    const ipl_link link = link_of(&h->own);
    h->st = ipl_serve(h->dev, &link, NULL, NULL);
    snprintf(h->why, sizeof h->why, "%s", h->st == IPL_OK ? "" : ipl_last_error());
    shutdown(h->own.fd, SHUT_RDWR);
    return NULL;
}

static inline void link_start(ipl_device *dev, link_helper *h)
{
    int fd[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == 0);
    h->run.fd = fd[0];
    h->own.fd = fd[1];
    /* With one thread its plan has fewer ticks at once than the run asks for. */
    CHECK_OK(ipl_device_open(ipl_device_about(dev)->name,
                             &(ipl_device_options){.threads = 1}, &h->dev));
    CHECK(pthread_create(&h->thread, NULL, link_serve, h) == 0);
}

/* Its status, after it was told to end. */
static inline ipl_status link_stop(link_helper *h)
{
    const ipl_link link = link_of(&h->run);
    ipl_serve_end(&link);
    pthread_join(h->thread, NULL);
    ipl_device_close(h->dev);
    free(h->run.text);
    free(h->own.text);
    close(h->run.fd);
    close(h->own.fd);
    return h->st;
}

#endif
