"""discord.py: it always asks for a compressed gateway, at an address that is built in."""

import asyncio
import json
import os
import sys

import discord
from discord.gateway import DiscordWebSocket
from discord.http import Route

import yarl

URL = os.environ["URL"]
Route.BASE = f"{URL}/api/v10"
DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(URL.replace("http", "ws") + "/gateway")


def said(event, **data):
    print(json.dumps({"event": event, **data}), flush=True)


client = discord.Client(intents=discord.Intents.all(), max_messages=10)


def guild():
    return client.guilds[0]


def channel(name):
    return discord.utils.get(guild().channels, name=name)


@client.event
async def on_ready():
    said(
        "ready",
        user=client.user.name,
        guild=guild().name,
        members=guild().member_count,
        channels=[one.name for one in guild().channels],
    )


@client.event
async def on_message(message):
    said("message", author=message.author.name, content=message.content)


@client.event
async def on_presence_update(_before, after):
    said("presence", user=str(after.id), status=str(after.status))


@client.event
async def on_voice_state_update(member, _before, after):
    said("voice", user=str(member.id), channel=None if after.channel is None else after.channel.name)


@client.event
async def on_disconnect():
    said("away")


@client.event
async def on_resumed():
    said("resumed")


async def say(where, *words):
    await channel(where).send(" ".join(words))


async def status(name):
    await client.change_presence(status=discord.Status(name), activity=discord.Game("a game"))


async def join(where):
    await guild().change_voice_state(channel=channel(where))


async def members():
    said("members", count=len([member async for member in guild().fetch_members()]))


COMMANDS = {"say": say, "status": status, "join": join, "members": members}


async def listen():
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        name, *words = line.split()
        try:
            await COMMANDS[name](*words)
        except Exception as error:
            said("failed", command=line, reason=repr(error))
    os._exit(0)


async def main():
    asyncio.create_task(listen())
    await client.start(os.environ["TOKEN"])


asyncio.run(main())
