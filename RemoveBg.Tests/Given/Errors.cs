namespace RemoveBg.Tests.Given;

/// <summary>The shape of error responses.</summary>
internal static class Errors
{
    public static async Task AssertShapeAsync(HttpResponseMessage response, int status, string? reason)
    {
        var error = await response.JsonAsync();
        Assert.Multiple(() =>
        {
            Assert.That((int)response.StatusCode, Is.EqualTo(status), error.GetRawText());
            Assert.That(response.Content.Headers.ContentType!.MediaType, Is.EqualTo("application/json"));
            Assert.That(error.EnumerateObject().Select(property => property.Name),
                Is.EqualTo(reason is null ? ["message", "statusCode"] : new[] { "message", "statusCode", "error" }));
            Assert.That(error.GetProperty("statusCode").GetInt32(), Is.EqualTo(status));
            if (reason is not null) Assert.That(error.Text("error"), Is.EqualTo(reason));
        });
    }
}
