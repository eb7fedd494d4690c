"""A chat like the tutorial's: Django Channels, with its layer in memory and a row for each message.

`python tutorial.py PORT` creates its database in the working directory and serves with daphne.
"""

import json
import sys
from pathlib import Path

import django
from asgiref.sync import async_to_sync
from django.conf import settings

settings.configure(
    ALLOWED_HOSTS=["*"],
    CHANNEL_LAYERS={"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}},
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": Path("tutorial.db").absolute()}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
    SECRET_KEY="benchmark",
)
django.setup()

# Django needs its settings before any of these imports.
from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.generic.websocket import WebsocketConsumer  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402
from daphne.server import Server  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, models  # noqa: E402
from django.urls import path  # noqa: E402


class Group(models.Model):
    uuid = models.UUIDField(unique=True)

    class Meta:
        app_label = "tutorial"


class Message(models.Model):
    author = models.ForeignKey(User, on_delete=models.CASCADE)
    timestamp = models.DateTimeField(auto_now_add=True)
    content = models.TextField()
    group = models.ForeignKey(Group, on_delete=models.CASCADE)

    class Meta:
        app_label = "tutorial"

    def __str__(self):
        return f"{self.author}:- {self.content} @{self.timestamp:%Y-%m-%d %H:%M}"


class GroupConsumer(WebsocketConsumer):
    def connect(self):
        self.group, _ = Group.objects.get_or_create(uuid=self.scope["url_route"]["kwargs"]["uuid"])
        self.room = str(self.group.uuid)
        async_to_sync(self.channel_layer.group_add)(self.room, self.channel_name)
        self.accept()

    def disconnect(self, _code):
        async_to_sync(self.channel_layer.group_discard)(self.room, self.channel_name)

    def receive(self, text_data):
        frame = json.loads(text_data)
        author = User.objects.get(username=frame["author"])
        message = Message.objects.create(author=author, content=frame["message"], group=self.group)
        spoken = {"type": "text_message", "author": author.username, "message": str(message)}
        async_to_sync(self.channel_layer.group_send)(self.room, spoken)

    def text_message(self, spoken):
        self.send(text_data=json.dumps(spoken | {"group_uuid": self.room}))


def make_database(username):
    call_command("migrate", verbosity=0)
    with connection.schema_editor() as schema:
        schema.create_model(Group)
        schema.create_model(Message)
    User.objects.create(username=username)


make_database("person0")
connection.close()
routes = URLRouter([path("groups/<uuid:uuid>/", GroupConsumer.as_asgi())])
application = ProtocolTypeRouter({"websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(routes))})
Server(application, endpoints=[f"tcp:port={sys.argv[1]}:interface=127.0.0.1:backlog=1024"]).run()
