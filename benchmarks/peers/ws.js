// Node's ws and a loop over the room: one send() for each delivery, nothing stored. node ws.js PORT
import { WebSocketServer } from 'ws'

const rooms = new Map()
const server = new WebSocketServer({ host: '127.0.0.1', port: Number(process.argv[2]), backlog: 1024 })

server.on('connection', (socket, request) => {
  if (!rooms.has(request.url)) rooms.set(request.url, new Set())
  const room = rooms.get(request.url)
  room.add(socket)
  socket.on('close', () => room.delete(socket))
  socket.on('message', text => {
    for (const member of room) member.send(text, { binary: false })
  })
})
