/* The least that a chat server can do: one send() for each delivery, and nothing else.

   floor PORT speaks just enough of RFC 6455 for load.py, whose handshake checks no key and whose messages are under
   126 bytes, each in one segment. The room is the number in the path. Stores nothing. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_FDS = 65536, SOCKETS_OF_A_ROOM = 1024, ROOMS = 256, EVENTS = 256, HEAD = 6, LONGEST = 125 };
static const char WELCOME[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";

static int members[ROOMS][SOCKETS_OF_A_ROOM], sizes[ROOMS];
static int room_of[MAX_FDS]; /* by descriptor: its room plus one, or 0 before its handshake */

static void give_up(const char *what) {
    perror(what);
    exit(1);
}

static void enter(int member, const char *request) {
    int room = atoi(strchr(request, '/') + 1) % ROOMS;
    if (sizes[room] == SOCKETS_OF_A_ROOM) give_up("the room is full");
    members[room][sizes[room]++] = member;
    room_of[member] = room + 1;
    send(member, WELCOME, sizeof WELCOME - 1, MSG_NOSIGNAL);
}

static void leave(int member) {
    int room = room_of[member] - 1;
    for (int place = 0; room >= 0 && place < sizes[room]; place++)
        if (members[room][place] == member) members[room][place] = members[room][--sizes[room]];
    room_of[member] = 0;
    close(member);
}

static void broadcast(int room, unsigned char *masked, int size) {
    unsigned char frame[2 + LONGEST] = {0x81, (unsigned char)size};
    for (int place = 0; place < size; place++) frame[2 + place] = masked[HEAD + place] ^ masked[2 + place % 4];
    for (int place = 0; place < sizes[room]; place++)
        if (send(members[room][place], frame, 2 + (size_t)size, MSG_NOSIGNAL) != 2 + size) give_up("send");
}

static void hear(int member) {
    unsigned char heard[MAX_FDS + 1];
    ssize_t size = recv(member, heard, MAX_FDS, 0);
    if (size <= 0 || heard[0] == 0x88) {
        leave(member);
    } else if (!room_of[member]) {
        heard[size] = 0;
        enter(member, (char *)heard);
    } else {
        for (unsigned char *frame = heard; frame + HEAD <= heard + size; frame += HEAD + (frame[1] & 127))
            if (frame[0] == 0x81) broadcast(room_of[member] - 1, frame, frame[1] & 127);
    }
}

static void watch(int poll, int descriptor) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
    if (descriptor < 0 || descriptor >= MAX_FDS || epoll_ctl(poll, EPOLL_CTL_ADD, descriptor, &event)) give_up("watch");
}

static int listener(int port) {
    struct sockaddr_in address = {AF_INET, htons((uint16_t)port), {htonl(INADDR_LOOPBACK)}, {0}};
    int socket_ = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes); /* accepted sockets inherit this */
    if (bind(socket_, (struct sockaddr *)&address, sizeof address) || listen(socket_, 1024)) give_up("listen");
    return socket_;
}

int main(int count, char **arguments) {
    if (count != 2) return 2;
    int poll = epoll_create1(0), door = listener(atoi(arguments[1]));
    struct epoll_event events[EVENTS];
    watch(poll, door);
    for (;;) {
        int ready = epoll_wait(poll, events, EVENTS, -1);
        for (int event = 0; event < ready; event++)
            if (events[event].data.fd == door)
                watch(poll, accept(door, NULL, NULL));
            else
                hear(events[event].data.fd);
    }
}
