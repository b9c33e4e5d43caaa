"""What the handlers of ECS refuse, in two words of its API."""

from moto.ecs.exceptions import EcsClientException as ClientError
from moto.ecs.exceptions import InvalidParameterException as InvalidParameter

__all__ = ["ClientError", "InvalidParameter"]
