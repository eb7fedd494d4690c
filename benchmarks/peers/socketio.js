// Node's socket.io with its own rooms, in memory, nothing stored. node socketio.js PORT
import { Server } from 'socket.io'

const io = new Server({ transports: ['websocket'] })

io.on('connection', socket => {
  const { room } = socket.handshake.query
  socket.join(room)
  socket.on('message', text => io.to(room).emit('message', text))
})
io.listen(Number(process.argv[2]))
